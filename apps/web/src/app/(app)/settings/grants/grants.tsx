"use client";
import type { GrantView } from "@creel/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { useMemo, useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { scopeInWords } from "../../../../lib/scope-text.ts";
import { Badge } from "../../../../ui/badge.tsx";
import { Button } from "../../../../ui/button.tsx";
import { ConfirmDialog } from "../../../../ui/dialog.tsx";
import { PageHeader, Panel } from "../../../../ui/panel.tsx";
import { Answer } from "../../../../ui/query.tsx";
import { Empty, Refusal } from "../../../../ui/states.tsx";
import { DataTable } from "../../../../ui/table.tsx";
import { Time } from "../../../../ui/time.tsx";
import { GiveGrant } from "./give-grant.tsx";

const column = createColumnHelper<GrantView>();
const columnsWith = (refusal: string | null, end: (grant: GrantView) => void) => [
  column.display({
    id: "subject",
    header: "Whom",
    cell: ({ row }) => {
      const { kind, label } = row.original.subject;
      return (
        <>
          {label} {kind === "user" ? null : <Badge>{kind.replace("_", " ")}</Badge>}
        </>
      );
    },
  }),
  column.display({ id: "role", header: "Role", cell: ({ row }) => row.original.role.replaceAll("_", " ") }),
  column.display({
    id: "scope",
    header: "Over",
    cell: ({ row }) => (row.original.scope === null ? "everything" : scopeInWords(row.original.scope)),
  }),
  column.accessor("grantedBy", { header: "Given by", meta: { wideOnly: true } }),
  column.accessor("reason", { header: "Why", meta: { wideOnly: true } }),
  column.display({
    id: "ends",
    header: "Ends",
    cell: ({ row }) => (row.original.expiresAt === null ? "—" : <Time at={row.original.expiresAt} exact />),
  }),
  column.display({
    id: "act",
    header: () => <span className="sr-only">Actions</span>,
    cell: ({ row }) => (
      <Button
        look="danger"
        disabledReason={refusal}
        aria-label={`End ${row.original.role} of ${row.original.subject.label}`}
        onClick={() => end(row.original)}
      >
        End…
      </Button>
    ),
  }),
];

export const Grants = () => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const query = useQuery(trpc.grant.list.queryOptions({}));
  const [asked, setAsked] = useState<GrantView | null>(null);
  const end = useMutation(
    trpc.grant.end.mutationOptions({
      onSuccess: () => {
        setAsked(null);
        void queryClient.invalidateQueries(trpc.grant.pathFilter());
      },
    }),
  );
  const refusal = useRefusalOf("delete", "grant");
  const columns = useMemo(() => columnsWith(refusal, setAsked), [refusal]);
  return (
    <>
      <PageHeader
        title="Grants"
        lead="Who holds which role, over what, until when. Nobody gives or takes what they do not hold themselves."
        actions={<GiveGrant />}
      />
      <Panel title="In force" flush>
        <Answer query={query} what="grants">
          {({ items }) => (
            <DataTable
              stacks
              caption="Grants in force"
              rows={items}
              columns={columns}
              rowKey={(row) => row.id}
              empty={<Empty title="No grant" />}
            />
          )}
        </Answer>
      </Panel>
      <ConfirmDialog
        open={asked !== null}
        onOpenChange={(next) => (next ? undefined : setAsked(null))}
        title={`End ${asked?.role.replaceAll("_", " ") ?? ""} of ${asked?.subject.label ?? ""}?`}
        touches={<p>Whoever holds it is signed out here, and comes back with what is left to them.</p>}
        confirm="End the grant"
        destructive
        busy={end.isPending}
        error={end.error ? <Refusal>{shownError(end.error).message}</Refusal> : null}
        onConfirm={() => (asked ? end.mutate({ grantId: asked.id }) : undefined)}
      />
    </>
  );
};
