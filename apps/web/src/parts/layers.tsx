"use client";
import type { Capability, HostCapabilities } from "@creel/protocol";
import { createColumnHelper } from "@tanstack/react-table";
import { LayerBadge } from "../ui/badge.tsx";
import { Panel } from "../ui/panel.tsx";
import { Empty } from "../ui/states.tsx";
import { DataTable } from "../ui/table.tsx";

const column = createColumnHelper<Capability>();
const columns = [
  column.display({ id: "state", header: "State", cell: ({ row }) => <LayerBadge state={row.original.state} /> }),
  column.display({
    id: "layer",
    header: "Layer",
    cell: ({ row }) => <span className="font-medium">{row.original.title}</span>,
  }),
  column.display({
    id: "detail",
    header: "On this host",
    cell: ({ row }) => (
      <div className="min-w-40">
        {row.original.detail}
        {row.original.remedy ? <p className="text-muted">To strengthen it: {row.original.remedy}</p> : null}
      </div>
    ),
  }),
];

/** Weakest first: what is missing is why one opens this list. */
const rank: Readonly<Record<string, number>> = { missing: 0, weaker: 1, enforced: 2 };

export const Layers = ({ capabilities }: { capabilities: HostCapabilities | null }) => {
  const layers = [...(capabilities?.layers ?? [])].sort((a, b) => (rank[a.state] ?? 0) - (rank[b.state] ?? 0));
  return (
    <div id="layers">
      <Panel title="Layers that hold a sandbox" flush>
        <DataTable
          caption="Enforcement layers of this host"
          rows={layers}
          columns={columns}
          rowKey={(row) => row.id}
          empty={<Empty title="Not reported yet">A node says what its host can enforce when it first connects.</Empty>}
        />
      </Panel>
    </div>
  );
};
