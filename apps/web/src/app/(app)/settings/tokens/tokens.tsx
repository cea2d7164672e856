"use client";
import type { Role, TokenView } from "@creel/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { useMemo, useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { Badge } from "../../../../ui/badge.tsx";
import { Button } from "../../../../ui/button.tsx";
import { ConfirmDialog } from "../../../../ui/dialog.tsx";
import { Mono, PageHeader, Panel } from "../../../../ui/panel.tsx";
import { Answer } from "../../../../ui/query.tsx";
import { Empty, Refusal } from "../../../../ui/states.tsx";
import { DataTable } from "../../../../ui/table.tsx";
import { Time } from "../../../../ui/time.tsx";
import { CreateToken } from "./create-token.tsx";

const column = createColumnHelper<TokenView>();

const columnsWith = (refusal: string | null, revoke: (token: TokenView) => void) => [
  column.accessor("name", { header: "Name" }),
  column.display({ id: "prefix", header: "Begins with", cell: ({ row }) => <Mono>{row.original.prefix}</Mono> }),
  column.display({
    id: "role",
    header: "Role",
    cell: ({ row }) => row.original.role?.replace("_", " ") ?? `${row.original.permissions?.length ?? 0} permissions`,
  }),
  column.display({ id: "used", header: "Last used", cell: ({ row }) => <Time at={row.original.lastUsedAt} /> }),
  column.display({
    id: "ends",
    header: "Ends",
    cell: ({ row }) => <Time at={row.original.expiresAt} exact />,
    meta: { wideOnly: true },
  }),
  column.display({
    id: "act",
    header: () => <span className="sr-only">Actions</span>,
    cell: ({ row }) =>
      row.original.revokedAt === null ? (
        <Button
          look="danger"
          disabledReason={refusal}
          aria-label={`Revoke ${row.original.name}`}
          onClick={() => revoke(row.original)}
        >
          Revoke…
        </Button>
      ) : (
        <Badge>revoked</Badge>
      ),
  }),
];

export const Tokens = ({ roles }: { roles: readonly Role[] }) => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const query = useQuery(trpc.token.list.queryOptions({}));
  const [asked, setAsked] = useState<TokenView | null>(null);
  const revoke = useMutation(
    trpc.token.revoke.mutationOptions({
      onSuccess: () => {
        setAsked(null);
        void queryClient.invalidateQueries(trpc.token.pathFilter());
      },
    }),
  );
  const refusal = useRefusalOf("delete", "token");
  const columns = useMemo(() => columnsWith(refusal, setAsked), [refusal]);
  return (
    <>
      <PageHeader
        title="API tokens"
        lead="For scripts, CI and the command line. A token is shown once, when it is made; here only its beginning is kept in sight."
        actions={<CreateToken roles={roles} />}
      />
      <Panel title="All tokens" flush>
        <Answer query={query} what="tokens">
          {({ items }) => (
            <DataTable
              caption="API tokens"
              rows={items}
              columns={columns}
              rowKey={(row) => row.id}
              empty={<Empty title="No token yet">Make one for each script, with the smallest role that does.</Empty>}
            />
          )}
        </Answer>
      </Panel>
      <ConfirmDialog
        open={asked !== null}
        onOpenChange={(next) => (next ? undefined : setAsked(null))}
        title={`Revoke ${asked?.name ?? ""}?`}
        touches={<p>Whatever uses it stops working at once. It cannot be brought back; a new one can be made.</p>}
        confirm={`Revoke ${asked?.name ?? ""}`}
        destructive
        busy={revoke.isPending}
        error={revoke.error ? <Refusal>{shownError(revoke.error).message}</Refusal> : null}
        onConfirm={() => (asked ? revoke.mutate({ tokenId: asked.id }) : undefined)}
      />
    </>
  );
};
