"use client";
import type { SecretView } from "@creel/core";
import { useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { useTRPC } from "../../../../client/trpc.ts";
import { paths } from "../../../../lib/paths.ts";
import { TextLink } from "../../../../ui/link.tsx";
import { Mono, PageHeader, Panel } from "../../../../ui/panel.tsx";
import { Answer } from "../../../../ui/query.tsx";
import { Empty } from "../../../../ui/states.tsx";
import { DataTable } from "../../../../ui/table.tsx";
import { Time } from "../../../../ui/time.tsx";
import { KeepSecret } from "./keep-secret.tsx";

const column = createColumnHelper<SecretView>();

const columns = [
  column.display({
    id: "name",
    header: "Name",
    cell: ({ row }) => (
      <TextLink href={paths.secret(row.original.id)}>
        <Mono>{row.original.name}</Mono>
      </TextLink>
    ),
  }),
  column.accessor("description", { header: "What for", meta: { wideOnly: true } }),
  column.accessor("version", { header: "Version", meta: { numeric: true } }),
  column.accessor("bindings", { header: "Bindings", meta: { numeric: true } }),
  column.display({ id: "used", header: "Last used", cell: ({ row }) => <Time at={row.original.lastUsedAt} /> }),
  column.display({
    id: "changed",
    header: "Changed",
    cell: ({ row }) => <Time at={row.original.rotatedAt} />,
    meta: { wideOnly: true },
  }),
];

export const Secrets = () => {
  const trpc = useTRPC();
  const query = useQuery(trpc.secret.list.queryOptions({}));
  return (
    <>
      <PageHeader
        title="Secrets"
        lead="Sandboxes use them and never see them. A binding says who may use one, the policy says where it may go. Nothing here can be read back."
        actions={<KeepSecret />}
      />
      <Panel title="All secrets" flush>
        <Answer query={query} what="secrets">
          {({ items }) => (
            <DataTable
              stacks
              caption="Secrets"
              rows={items}
              columns={columns}
              rowKey={(row) => row.id}
              empty={
                <Empty title="No secret yet">Keep one, bind it to a sandbox, and name its place in the policy.</Empty>
              }
            />
          )}
        </Answer>
      </Panel>
    </>
  );
};
