"use client";
import type { RoleView } from "@creel/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { useMemo, useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { Badge } from "../../../../ui/badge.tsx";
import { Button } from "../../../../ui/button.tsx";
import { ConfirmDialog } from "../../../../ui/dialog.tsx";
import { PageHeader, Panel } from "../../../../ui/panel.tsx";
import { Answer } from "../../../../ui/query.tsx";
import { Empty, Refusal } from "../../../../ui/states.tsx";
import { DataTable } from "../../../../ui/table.tsx";
import { RoleDialog } from "./role-dialog.tsx";

const column = createColumnHelper<RoleView>();
interface Acts {
  edit: (role: RoleView) => void;
  remove: (role: RoleView) => void;
  mayEdit: string | null;
  mayRemove: string | null;
}
const columnsWith = ({ edit, remove, mayEdit, mayRemove }: Acts) => [
  column.display({ id: "name", header: "Role", cell: ({ row }) => row.original.name.replaceAll("_", " ") }),
  column.accessor("description", { header: "What it is for", meta: { wideOnly: true } }),
  column.display({
    id: "permissions",
    header: "Permissions",
    cell: ({ row }) => (
      <details>
        <summary>{row.original.permissions.length}</summary>
        <p className="max-w-prose font-mono text-[0.85em] [overflow-wrap:anywhere]">
          {row.original.permissions.join(" ")}
        </p>
      </details>
    ),
  }),
  column.accessor("grantCount", { header: "Granted" }),
  column.display({
    id: "act",
    header: () => <span className="sr-only">Actions</span>,
    cell: ({ row }) => {
      const { name, builtIn, grantCount } = row.original;
      if (builtIn) return <Badge>built in</Badge>;
      const held = grantCount > 0 ? "It is still granted. End those grants first." : null;
      return (
        <div className="flex gap-2">
          <Button disabledReason={mayEdit} aria-label={`Change ${name}`} onClick={() => edit(row.original)}>
            Change…
          </Button>
          <Button
            look="danger"
            disabledReason={mayRemove ?? held}
            aria-label={`Remove ${name}`}
            onClick={() => remove(row.original)}
          >
            Remove…
          </Button>
        </div>
      );
    },
  }),
];

export const Roles = () => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const query = useQuery(trpc.role.list.queryOptions({}));
  const [editing, setEditing] = useState<RoleView | "new" | null>(null);
  const [asked, setAsked] = useState<RoleView | null>(null);
  const remove = useMutation(
    trpc.role.remove.mutationOptions({
      onSuccess: () => {
        setAsked(null);
        void queryClient.invalidateQueries(trpc.role.pathFilter());
      },
    }),
  );
  const mayCreate = useRefusalOf("create", "role");
  const mayEdit = useRefusalOf("update", "role");
  const mayRemove = useRefusalOf("delete", "role");
  const columns = useMemo(
    () => columnsWith({ edit: setEditing, remove: setAsked, mayEdit, mayRemove }),
    [mayEdit, mayRemove],
  );
  return (
    <>
      <PageHeader
        title="Roles"
        lead="A role is a set of permissions. It gives nobody anything until it is granted."
        actions={
          <Button look="primary" disabledReason={mayCreate} onClick={() => setEditing("new")}>
            New role
          </Button>
        }
      />
      <Panel title="All roles" flush>
        <Answer query={query} what="roles">
          {({ items }) => (
            <DataTable
              stacks
              caption="Roles"
              rows={items}
              columns={columns}
              rowKey={(row) => row.id}
              empty={<Empty title="No role" />}
            />
          )}
        </Answer>
      </Panel>
      {editing === null || !query.data ? null : (
        <RoleDialog
          role={editing === "new" ? null : editing}
          all={query.data.items.find(({ id }) => id === "owner")?.permissions ?? []}
          onClose={() => setEditing(null)}
        />
      )}
      <ConfirmDialog
        open={asked !== null}
        onOpenChange={(next) => (next ? undefined : setAsked(null))}
        title={`Remove ${asked?.name ?? ""}?`}
        touches={<p>Nobody holds it. It cannot be granted any more.</p>}
        confirm={`Remove ${asked?.name ?? ""}`}
        destructive
        busy={remove.isPending}
        error={remove.error ? <Refusal>{shownError(remove.error).message}</Refusal> : null}
        onConfirm={() => (asked ? remove.mutate({ roleId: asked.id }) : undefined)}
      />
    </>
  );
};
