"use client";
import type { PolicyView } from "@creel/core";
import { useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { useTRPC } from "../../../client/trpc.ts";
import { paths } from "../../../lib/paths.ts";
import { CountLink, TextLink } from "../../../ui/link.tsx";
import { PageHeader, Panel, ShortDigest } from "../../../ui/panel.tsx";
import { Answer } from "../../../ui/query.tsx";
import { Empty } from "../../../ui/states.tsx";
import { DataTable } from "../../../ui/table.tsx";
import { Time } from "../../../ui/time.tsx";
import { NewPolicy } from "./new-policy.tsx";

const column = createColumnHelper<PolicyView>();
const columns = [
  column.display({
    id: "name",
    header: "Name",
    cell: ({ row }) => (
      <TextLink href={paths.policy(row.original.id)} className="font-medium">
        {row.original.name}
      </TextLink>
    ),
  }),
  column.accessor("latestVersion", { header: "Version", meta: { numeric: true } }),
  column.display({
    id: "sandboxes",
    header: "Holds",
    cell: ({ row }) => (
      <CountLink count={row.original.sandboxCount} one="sandbox" many="sandboxes" href={paths.sandboxes()} />
    ),
  }),
  column.display({ id: "updated", header: "Last saved", cell: ({ row }) => <Time at={row.original.updatedAt} /> }),
  column.display({
    id: "digest",
    header: "Digest",
    cell: ({ row }) => <ShortDigest digest={row.original.digest} />,
    meta: { wideOnly: true },
  }),
];

export const Policies = () => {
  const trpc = useTRPC();
  const query = useQuery(trpc.policy.list.queryOptions({}));
  return (
    <>
      <PageHeader
        title="Policies"
        lead="What agents may reach. A version never changes; saving makes a new one and tells the nodes."
        actions={<NewPolicy />}
      />
      <Panel title="All policies" flush>
        <Answer query={query} what="policies">
          {({ items }) => (
            <DataTable
              caption="Policies"
              rows={items}
              columns={columns}
              rowKey={(row) => row.id}
              empty={
                <Empty title="No policy yet">
                  Press “New policy”. It starts by allowing nothing; each denied request then offers the line that
                  allows it.
                </Empty>
              }
            />
          )}
        </Answer>
      </Panel>
    </>
  );
};
