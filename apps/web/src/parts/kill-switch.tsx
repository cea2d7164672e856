"use client";
import type { NodeView, SandboxView } from "@creel/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../client/errors.ts";
import { useMe, useRefusalOf } from "../client/me.tsx";
import { useTRPC } from "../client/trpc.ts";
import { Button } from "../ui/button.tsx";
import { Refusal } from "../ui/states.tsx";
import { KillDialog } from "./kill-dialog.tsx";
import { isKillable } from "./sandbox-facts.ts";

/** Names shown before "and n more": enough to recognise a fleet, short enough for a phone. */
const NAMES_SHOWN = 8;

const plural = (count: number): string => (count === 1 ? "1 sandbox" : `${count} sandboxes`);

const Touches = ({ sandboxes, where }: { sandboxes: readonly SandboxView[]; where: string }) => {
  const away = sandboxes.filter((each) => !each.nodeConnected);
  const names = sandboxes.slice(0, NAMES_SHOWN).map((each) => each.name);
  const more = sandboxes.length - names.length;
  return (
    <div className="grid gap-1.5">
      <p>
        Ends every process in {plural(sandboxes.length)} {where} at once, without letting them finish. Their ways out
        are cut first; workspaces and records stay.
      </p>
      <p className="[overflow-wrap:anywhere]">
        {names.join(", ")}
        {more > 0 ? ` and ${more} more` : ""}
      </p>
      {away.length === 0 ? null : (
        <p>
          {plural(away.length)} of these on nodes that are not connected: they end as soon as their node is heard again.
        </p>
      )}
    </div>
  );
};

/** Ends everything on one node, or in the whole organization. */
export const KillSwitch = ({ node }: { node?: NodeView }) => {
  const trpc = useTRPC();
  const me = useMe();
  const queryClient = useQueryClient();
  const [open, setOpen] = useState(false);
  const query = useQuery(trpc.sandbox.list.queryOptions(node ? { nodeId: node.id } : {}));
  const kill = useMutation(
    trpc.sandbox.killAll.mutationOptions({
      onSuccess: () => {
        setOpen(false);
        void queryClient.invalidateQueries(trpc.sandbox.pathFilter());
      },
    }),
  );
  const touched = (query.data?.items ?? []).filter(isKillable);
  const refusal = useRefusalOf("operate", "kill_switch");
  const reason = refusal ?? (query.data && touched.length === 0 ? "No sandbox runs here." : null);
  const where = node ? `on ${node.name}` : `of ${me.org.name}`;
  return (
    <>
      <Button
        look="danger"
        disabledReason={reason}
        onClick={() => {
          kill.reset();
          setOpen(true);
        }}
      >
        Kill all…
      </Button>
      {open ? (
        <KillDialog
          open
          onOpenChange={setOpen}
          title={node ? `Kill everything on ${node.name}?` : `Kill every sandbox of ${me.org.name}?`}
          touches={<Touches sandboxes={touched} where={where} />}
          confirm={`Kill ${plural(touched.length)}`}
          typed={node ? undefined : me.org.slug}
          to="stopped"
          busy={kill.isPending}
          error={kill.error ? <Refusal>{shownError(kill.error).message}</Refusal> : null}
          onConfirm={(asked) => kill.mutate({ ...asked, ...(node ? { nodeId: node.id } : {}) })}
        />
      ) : null}
    </>
  );
};
