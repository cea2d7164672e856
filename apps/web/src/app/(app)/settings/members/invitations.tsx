"use client";
import type { InvitationView } from "@creel/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { useMemo } from "react";
import { useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { scopeInWords } from "../../../../lib/scope-text.ts";
import { Badge } from "../../../../ui/badge.tsx";
import { Button } from "../../../../ui/button.tsx";
import { Panel } from "../../../../ui/panel.tsx";
import { Answer } from "../../../../ui/query.tsx";
import { Empty } from "../../../../ui/states.tsx";
import { DataTable } from "../../../../ui/table.tsx";
import { Time } from "../../../../ui/time.tsx";

const column = createColumnHelper<InvitationView>();
const giftOf = ({ role, scope, team }: InvitationView): string => {
  const own =
    role === null ? [] : [`${role.replaceAll("_", " ")}${scope === null ? "" : ` on ${scopeInWords(scope)}`}`];
  return [...own, ...(team === null ? [] : [`team ${team}`])].join(", ");
};

const columnsWith = (refusal: string | null, revoke: (invitation: InvitationView) => void) => [
  column.accessor("email", { header: "Email" }),
  column.display({ id: "gives", header: "Gives", cell: ({ row }) => giftOf(row.original) }),
  column.accessor("invitedBy", { header: "Invited by", meta: { wideOnly: true } }),
  column.display({ id: "ends", header: "Ends", cell: ({ row }) => <Time at={row.original.expiresAt} exact /> }),
  column.display({
    id: "act",
    header: () => <span className="sr-only">Actions</span>,
    cell: ({ row }) =>
      row.original.state === "open" ? (
        <Button
          disabledReason={refusal}
          aria-label={`Revoke the invitation of ${row.original.email}`}
          onClick={() => revoke(row.original)}
        >
          Revoke
        </Button>
      ) : (
        <Badge>{row.original.state}</Badge>
      ),
  }),
];

export const Invitations = () => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const query = useQuery(trpc.invitation.list.queryOptions({}));
  const { mutate } = useMutation(
    trpc.invitation.revoke.mutationOptions({
      onSuccess: () => queryClient.invalidateQueries(trpc.invitation.pathFilter()),
    }),
  );
  const refusal = useRefusalOf("delete", "invitation");
  const columns = useMemo(() => columnsWith(refusal, ({ id }) => mutate({ invitationId: id })), [refusal, mutate]);
  return (
    <Panel title="Invitations" flush>
      <Answer query={query} what="invitations">
        {({ items }) => (
          <DataTable
            stacks
            caption="Invitations"
            rows={items}
            columns={columns}
            rowKey={(row) => row.id}
            empty={<Empty title="No invitation">Invite somebody with the button above.</Empty>}
          />
        )}
      </Answer>
    </Panel>
  );
};
