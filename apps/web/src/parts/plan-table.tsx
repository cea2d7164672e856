"use client";
import type { PlanView } from "@creel/core";
import { useQuery } from "@tanstack/react-query";
import { createColumnHelper } from "@tanstack/react-table";
import { useTRPC } from "../client/trpc.ts";
import { PlanBadge } from "../ui/badge.tsx";
import { Panel, ShortDigest } from "../ui/panel.tsx";
import { Answer } from "../ui/query.tsx";
import { Empty } from "../ui/states.tsx";
import { DataTable } from "../ui/table.tsx";
import { Time } from "../ui/time.tsx";

const PLANS_SHOWN = 20;

/** From saving to the node's own confirmation. */
export const tookMs = (plan: PlanView): number | null =>
  plan.finishedAt === null ? null : Date.parse(plan.finishedAt) - Date.parse(plan.createdAt);

const column = createColumnHelper<PlanView>();
const columns = [
  column.accessor("generation", { header: "Generation", meta: { numeric: true } }),
  column.display({
    id: "state",
    header: "State",
    cell: ({ row }) => (
      <>
        <PlanBadge state={row.original.state} />
        {row.original.reason ? <p className="mt-0.5 min-w-40">{row.original.reason}</p> : null}
      </>
    ),
  }),
  column.accessor("cause", { header: "Why" }),
  column.display({
    id: "took",
    header: "Took",
    cell: ({ row }) => {
      const ms = tookMs(row.original);
      return ms === null ? "" : `${ms.toLocaleString("en")} ms`;
    },
    meta: { numeric: true },
  }),
  column.display({ id: "at", header: "Made", cell: ({ row }) => <Time at={row.original.createdAt} /> }),
  column.display({
    id: "digest",
    header: "Digest",
    cell: ({ row }) => <ShortDigest digest={row.original.digest} />,
    meta: { wideOnly: true },
  }),
];

export const PlanTable = ({ nodeId }: { nodeId: string }) => {
  const trpc = useTRPC();
  const query = useQuery(trpc.plan.list.queryOptions({ nodeId, limit: PLANS_SHOWN }));
  return (
    <Panel title="Plans" flush>
      <Answer query={query} what="plans">
        {({ items }) => (
          <DataTable
            caption="Newest plans for this node"
            rows={items}
            columns={columns}
            rowKey={(row) => row.id}
            empty={
              <Empty title="No plan yet">A plan is made whenever a sandbox or its policy changes on this node.</Empty>
            }
          />
        )}
      </Answer>
    </Panel>
  );
};
