"use client";
import type { Role, TokenView } from "@creel/core";
import { useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { useMemo, useState } from "react";
import { useMe, useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { Badge } from "../../../../ui/badge.tsx";
import { Button } from "../../../../ui/button.tsx";
import { Mono, PageHeader, Panel } from "../../../../ui/panel.tsx";
import { Answer } from "../../../../ui/query.tsx";
import { Empty } from "../../../../ui/states.tsx";
import { DataTable } from "../../../../ui/table.tsx";
import { Time } from "../../../../ui/time.tsx";
import { CreateToken } from "./create-token.tsx";
import { RevokeToken } from "./revoke-token.tsx";
import { RotateToken } from "./rotate-token.tsx";

const column = createColumnHelper<TokenView>();

interface Acts {
  /** Why keys of others may not be touched; one's own always may. */
  others: (action: "rotate" | "revoke") => string | null;
  isOwn: (token: TokenView) => boolean;
  rotate: (token: TokenView) => void;
  revoke: (token: TokenView) => void;
}
const ofPerson = ({ owner }: TokenView): string | null =>
  owner.kind === "user" ? "A person's token is rotated by that person alone." : null;

/** In whose place it was made: a token that nobody knows of came of one that somebody does. */
const Rotated = ({ token: { rotatedFrom }, among }: { token: TokenView; among: readonly TokenView[] }) =>
  rotatedFrom === null ? null : (
    <span className="block text-muted">
      rotated from {among.find(({ id }) => id === rotatedFrom)?.prefix ?? "an older one"}
    </span>
  );

const columnsWith = ({ others, isOwn, rotate, revoke }: Acts) => [
  column.accessor("name", { header: "Name" }),
  column.display({
    id: "prefix",
    header: "Begins with",
    cell: ({ row, table }) => (
      <>
        <Mono>{row.original.prefix}</Mono>
        <Rotated token={row.original} among={table.options.data} />
      </>
    ),
  }),
  column.display({
    id: "owner",
    header: "Whose",
    cell: ({ row }) => row.original.owner.label,
    meta: { wideOnly: true },
  }),
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
        <div className="flex gap-2">
          <Button
            disabledReason={isOwn(row.original) ? null : (ofPerson(row.original) ?? others("rotate"))}
            aria-label={`Rotate ${row.original.name}`}
            onClick={() => rotate(row.original)}
          >
            Rotate…
          </Button>
          <Button
            look="danger"
            disabledReason={isOwn(row.original) ? null : others("revoke")}
            aria-label={`Revoke ${row.original.name}`}
            onClick={() => revoke(row.original)}
          >
            Revoke…
          </Button>
        </div>
      ) : (
        <Badge>revoked</Badge>
      ),
  }),
];

export const Tokens = ({ roles }: { roles: readonly Role[] }) => {
  const trpc = useTRPC();
  const query = useQuery(trpc.token.list.queryOptions({}));
  const [asked, setAsked] = useState<TokenView | null>(null);
  const me = useMe();
  const [rotating, setRotating] = useState<TokenView | null>(null);
  const mayNotRotate = useRefusalOf("update", "token");
  const mayNotRevoke = useRefusalOf("delete", "token");
  const columns = useMemo(
    () =>
      columnsWith({
        others: (action) => (action === "rotate" ? mayNotRotate : mayNotRevoke),
        isOwn: ({ owner }) => owner.id === me.actor.id,
        rotate: setRotating,
        revoke: setAsked,
      }),
    [mayNotRotate, mayNotRevoke, me],
  );
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
              stacks
              caption="API tokens"
              rows={items}
              columns={columns}
              rowKey={(row) => row.id}
              empty={<Empty title="No token yet">Make one for each script, with the smallest role that does.</Empty>}
            />
          )}
        </Answer>
      </Panel>
      {rotating === null ? null : <RotateToken token={rotating} onClose={() => setRotating(null)} />}
      {asked === null ? null : <RevokeToken token={asked} onClose={() => setAsked(null)} />}
    </>
  );
};
