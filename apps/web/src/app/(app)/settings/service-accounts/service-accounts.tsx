"use client";
import type { ServiceAccountView } from "@creel/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { useMemo, useState } from "react";
import { shownError } from "../../../../client/errors.ts";
import { useRefusalOf } from "../../../../client/me.tsx";
import { useTRPC } from "../../../../client/trpc.ts";
import { HeldGrants } from "../../../../parts/held-grants.tsx";
import { Badge } from "../../../../ui/badge.tsx";
import { Button } from "../../../../ui/button.tsx";
import { ConfirmDialog } from "../../../../ui/dialog.tsx";
import { Field } from "../../../../ui/field.tsx";
import { PageHeader, Panel } from "../../../../ui/panel.tsx";
import { Answer } from "../../../../ui/query.tsx";
import { Empty, Refusal } from "../../../../ui/states.tsx";
import { DataTable } from "../../../../ui/table.tsx";

const column = createColumnHelper<ServiceAccountView>();
const columnsWith = (refusal: string | null, disable: (account: ServiceAccountView) => void) => [
  column.accessor("name", { header: "Name" }),
  column.accessor("description", { header: "What it is for", meta: { wideOnly: true } }),
  column.display({ id: "holds", header: "Holds", cell: ({ row }) => <HeldGrants grants={row.original.grants} /> }),
  column.accessor("keyCount", { header: "Keys" }),
  column.display({
    id: "act",
    header: () => <span className="sr-only">Actions</span>,
    cell: ({ row }) =>
      row.original.disabledAt === null ? (
        <Button
          look="danger"
          disabledReason={refusal}
          aria-label={`Disable ${row.original.name}`}
          onClick={() => disable(row.original)}
        >
          Disable…
        </Button>
      ) : (
        <Badge>disabled</Badge>
      ),
  }),
];

export const ServiceAccounts = () => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const query = useQuery(trpc.serviceAccount.list.queryOptions({}));
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [asked, setAsked] = useState<ServiceAccountView | null>(null);
  const refresh = () => void queryClient.invalidateQueries(trpc.serviceAccount.pathFilter());
  const create = useMutation(
    trpc.serviceAccount.create.mutationOptions({
      onSuccess: () => {
        setName("");
        setDescription("");
        refresh();
      },
    }),
  );
  const disable = useMutation(
    trpc.serviceAccount.disable.mutationOptions({
      onSuccess: () => {
        setAsked(null);
        refresh();
      },
    }),
  );
  const mayCreate = useRefusalOf("create", "service_account");
  const missing = mayCreate ?? (name.trim() === "" ? "Give it a name." : null);
  const mayDisable = useRefusalOf("delete", "service_account");
  const columns = useMemo(() => columnsWith(mayDisable, setAsked), [mayDisable]);
  return (
    <>
      <PageHeader
        title="Service accounts"
        lead="What acts and is no person: CI, a bot, a scheduler. It has grants and API tokens, and never signs in."
      />
      <div className="grid gap-4">
        <Panel title="New service account">
          <form
            className="grid max-w-md gap-3"
            onSubmit={(event) => {
              event.preventDefault();
              if (missing === null && !create.isPending) create.mutate({ name: name.trim(), description });
            }}
          >
            {create.error ? <Refusal>{shownError(create.error).message}</Refusal> : null}
            <Field
              label="Name"
              value={name}
              onChange={(event) => setName(event.target.value)}
              maxLength={63}
              autoComplete="off"
              placeholder="ci"
            />
            <Field
              label="What it is for"
              value={description}
              onChange={(event) => setDescription(event.target.value)}
              maxLength={500}
              autoComplete="off"
            />
            <div>
              <Button type="submit" look="primary" busy={create.isPending} disabledReason={missing}>
                Make service account
              </Button>
            </div>
          </form>
        </Panel>
        <Panel title="All service accounts" flush>
          <Answer query={query} what="service accounts">
            {({ items }) => (
              <DataTable
                stacks
                caption="Service accounts"
                rows={items}
                columns={columns}
                rowKey={(row) => row.id}
                empty={<Empty title="No service account yet">Make one for each script that is nobody's own.</Empty>}
              />
            )}
          </Answer>
        </Panel>
      </div>
      <ConfirmDialog
        open={asked !== null}
        onOpenChange={(next) => (next ? undefined : setAsked(null))}
        title={`Disable ${asked?.name ?? ""}?`}
        touches={<p>Its grants and its {asked?.keyCount ?? 0} keys end at once. It cannot be brought back.</p>}
        confirm={`Disable ${asked?.name ?? ""}`}
        destructive
        busy={disable.isPending}
        error={disable.error ? <Refusal>{shownError(disable.error).message}</Refusal> : null}
        onConfirm={() => (asked ? disable.mutate({ serviceAccountId: asked.id }) : undefined)}
      />
    </>
  );
};
