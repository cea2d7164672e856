"use client";
import type { MemberView } from "@creel/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { useMemo, useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { mayDo, useMe, useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { HeldGrants } from "../../../../parts/held-grants.tsx";
import { Button } from "../../../../ui/button.tsx";
import { ConfirmDialog } from "../../../../ui/dialog.tsx";
import { PageHeader, Panel } from "../../../../ui/panel.tsx";
import { Answer } from "../../../../ui/query.tsx";
import { Empty, Refusal } from "../../../../ui/states.tsx";
import { DataTable } from "../../../../ui/table.tsx";
import { Time } from "../../../../ui/time.tsx";
import { Invitations } from "./invitations.tsx";
import { Invite } from "./invite.tsx";

const column = createColumnHelper<MemberView>();
const columnsWith = (refusal: string | null, remove: (member: MemberView) => void) => [
  column.accessor("email", { header: "Email" }),
  column.display({ id: "holds", header: "Holds", cell: ({ row }) => <HeldGrants grants={row.original.grants} /> }),
  column.display({
    id: "teams",
    header: "Teams",
    cell: ({ row }) => row.original.teams.map(({ name }) => name).join(", "),
    meta: { wideOnly: true },
  }),
  column.display({ id: "seen", header: "Last seen", cell: ({ row }) => <Time at={row.original.lastSeenAt} /> }),
  column.display({
    id: "act",
    header: () => <span className="sr-only">Actions</span>,
    cell: ({ row }) => (
      <Button
        look="danger"
        disabledReason={refusal}
        aria-label={`Remove ${row.original.email}`}
        onClick={() => remove(row.original)}
      >
        Remove…
      </Button>
    ),
  }),
];

export const Members = () => {
  const trpc = useTRPC();
  const me = useMe();
  const queryClient = useQueryClient();
  const query = useQuery(trpc.member.list.queryOptions({}));
  const [asked, setAsked] = useState<MemberView | null>(null);
  const remove = useMutation(
    trpc.member.remove.mutationOptions({
      onSuccess: () => {
        setAsked(null);
        void queryClient.invalidateQueries(trpc.member.pathFilter());
      },
    }),
  );
  const refusal = useRefusalOf("delete", "member");
  const columns = useMemo(() => columnsWith(refusal, setAsked), [refusal]);
  return (
    <>
      <PageHeader
        title="Members"
        lead="Who belongs to this organization, and what each of them holds here."
        actions={<Invite />}
      />
      <div className="grid gap-4">
        <Panel title="All members" flush>
          <Answer query={query} what="members">
            {({ items }) => (
              <DataTable
                stacks
                caption="Members"
                rows={items}
                columns={columns}
                rowKey={(row) => row.userId}
                empty={<Empty title="Nobody" />}
              />
            )}
          </Answer>
        </Panel>
        {mayDo(me, "read", "invitation") ? <Invitations /> : null}
      </div>
      <ConfirmDialog
        open={asked !== null}
        onOpenChange={(next) => (next ? undefined : setAsked(null))}
        title={`Remove ${asked?.email ?? ""}?`}
        touches={
          <p>
            Their grants, teams and API tokens in this organization end at once, and they are signed out of it
            everywhere. What they did stays in the audit trail.
          </p>
        }
        confirm={`Remove ${asked?.email ?? ""}`}
        destructive
        busy={remove.isPending}
        error={remove.error ? <Refusal>{shownError(remove.error).message}</Refusal> : null}
        onConfirm={() => (asked ? remove.mutate({ userId: asked.userId }) : undefined)}
      />
    </>
  );
};
