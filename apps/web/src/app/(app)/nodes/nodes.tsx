"use client";
import type { NodeView } from "@creel/core";
import { useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { HEARD } from "../../../client/query-client.ts";
import { useTRPC } from "../../../client/trpc.ts";
import { paths } from "../../../lib/paths.ts";
import { LayerSummary, ModelName, NodeStateBadge } from "../../../parts/node-parts.tsx";
import { CountLink, TextLink } from "../../../ui/link.tsx";
import { PageHeader, Panel } from "../../../ui/panel.tsx";
import { Answer } from "../../../ui/query.tsx";
import { Empty } from "../../../ui/states.tsx";
import { DataTable } from "../../../ui/table.tsx";
import { Time } from "../../../ui/time.tsx";
import { EnrollNode } from "./enroll.tsx";

const column = createColumnHelper<NodeView>();
const columns = [
  column.display({
    id: "name",
    header: "Name",
    cell: ({ row }) => (
      <TextLink href={paths.node(row.original.id)} className="font-medium">
        {row.original.name}
      </TextLink>
    ),
  }),
  column.display({ id: "state", header: "State", cell: ({ row }) => <NodeStateBadge node={row.original} /> }),
  column.display({ id: "layers", header: "Layers", cell: ({ row }) => <LayerSummary node={row.original} /> }),
  column.display({ id: "model", header: "Model", cell: ({ row }) => <ModelName model={row.original.model} /> }),
  column.display({
    id: "sandboxes",
    header: "Runs",
    cell: ({ row }) => (
      <CountLink
        count={row.original.sandboxCount}
        one="sandbox"
        many="sandboxes"
        href={paths.sandboxes({ nodeId: row.original.id })}
      />
    ),
  }),
  column.display({
    id: "seen",
    header: "Last heard",
    cell: ({ row }) => <Time at={row.original.lastSeenAt} />,
    meta: { wideOnly: true },
  }),
];

export const Nodes = () => {
  const trpc = useTRPC();
  const query = useQuery(trpc.node.list.queryOptions({}, HEARD));
  return (
    <>
      <PageHeader
        title="Nodes"
        lead="Hosts that run sandboxes. Each has a key of its own and sees nothing of the others."
        actions={<EnrollNode />}
      />
      <Panel title="All nodes" flush>
        <Answer query={query} what="nodes">
          {({ items }) => (
            <DataTable
              caption="Nodes"
              rows={items}
              columns={columns}
              rowKey={(row) => row.id}
              empty={
                <Empty title="No node yet">
                  Press “Enroll a node” for a single-use join address, and start the node agent on the host with it.
                </Empty>
              }
            />
          )}
        </Answer>
      </Panel>
    </>
  );
};
