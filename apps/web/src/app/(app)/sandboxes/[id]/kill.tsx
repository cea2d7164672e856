"use client";
import type { SandboxView } from "@creel/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { type KillAsked, KillDialog } from "../../../../parts/kill-dialog.tsx";
import { sandboxCannot } from "../../../../parts/sandbox-facts.ts";
import { Button } from "../../../../ui/button.tsx";
import { Refusal } from "../../../../ui/states.tsx";

/** Two buttons, one act: they differ in what comes after. */
export const KillControls = ({ sandbox }: { sandbox: SandboxView }) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [asked, setAsked] = useState<KillAsked["to"] | null>(null);
  const kill = useMutation(
    trpc.sandbox.kill.mutationOptions({
      onSuccess: () => {
        setAsked(null);
        void queryClient.invalidateQueries(trpc.sandbox.pathFilter());
      },
    }),
  );
  const refusal = useRefusalOf("operate", "sandbox");
  const open = (to: KillAsked["to"]) => {
    kill.reset();
    setAsked(to);
  };
  return (
    <>
      <Button look="danger" disabledReason={refusal ?? sandboxCannot.kill(sandbox)} onClick={() => open("stopped")}>
        Kill…
      </Button>
      <Button
        look="danger"
        disabledReason={refusal ?? sandboxCannot.quarantine(sandbox)}
        onClick={() => open("quarantined")}
      >
        Quarantine…
      </Button>
      {asked === null ? null : (
        <KillDialog
          open
          onOpenChange={(next) => setAsked(next ? asked : null)}
          title={asked === "stopped" ? `Kill ${sandbox.name}?` : `Quarantine ${sandbox.name}?`}
          touches={
            <p>
              Its way out is cut and every process inside ends at once, without the time to finish that a stop gives.
              The workspace, its log and its record on {sandbox.nodeName} stay.
              {sandbox.nodeConnected ? "" : " The node is not connected: it happens as soon as it is heard again."}
            </p>
          }
          confirm={asked === "stopped" ? `Kill ${sandbox.name}` : `Quarantine ${sandbox.name}`}
          to={asked}
          busy={kill.isPending}
          error={kill.error ? <Refusal>{shownError(kill.error).message}</Refusal> : null}
          onConfirm={(how) => kill.mutate({ sandboxId: sandbox.id, ...how })}
        />
      )}
    </>
  );
};
