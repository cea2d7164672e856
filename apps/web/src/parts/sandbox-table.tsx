"use client";
import type { SandboxView } from "@creel/core";
import { createColumnHelper } from "@tanstack/react-table";
import { paths } from "../lib/paths.ts";
import { Badge, PhaseBadge } from "../ui/badge.tsx";
import { TextLink } from "../ui/link.tsx";
import { Empty } from "../ui/states.tsx";
import { DataTable } from "../ui/table.tsx";
import { Time } from "../ui/time.tsx";
import { agentName, policyStanding } from "./sandbox-facts.ts";
import { MonitorBadge } from "./sandbox-notices.tsx";

const column = createColumnHelper<SandboxView>();

const name = column.display({
  id: "name",
  header: "Name",
  cell: ({ row }) => (
    <TextLink href={paths.sandbox(row.original.id)} className="font-medium">
      {row.original.name}
    </TextLink>
  ),
});
const phase = column.display({
  id: "phase",
  header: "State",
  cell: ({ row }) => <PhaseBadge phase={row.original.status?.phase ?? "pending"} />,
});
const agent = column.display({ id: "agent", header: "Agent", cell: ({ row }) => agentName(row.original) });
const node = column.display({
  id: "node",
  header: "Node",
  cell: ({ row }) => <TextLink href={paths.node(row.original.nodeId)}>{row.original.nodeName}</TextLink>,
  meta: { wideOnly: true },
});
const PolicyState = ({ sandbox }: { sandbox: SandboxView }) => {
  if (sandbox.status?.policyRefused) return <Badge tone="would">refused by the node</Badge>;
  const standing = policyStanding(sandbox);
  return standing === null || standing === "in force" ? null : <Badge tone="wait">{standing}</Badge>;
};
const policy = column.display({
  id: "policy",
  header: "Policy",
  cell: ({ row }) => (
    <span className="flex flex-wrap items-center gap-1.5">
      <TextLink href={paths.policy(row.original.policyId)}>
        {row.original.policyName} v{row.original.policyVersion}
      </TextLink>
      <PolicyState sandbox={row.original} />
      <MonitorBadge sandbox={row.original} />
    </span>
  ),
});
const created = column.display({
  id: "created",
  header: "Created",
  cell: ({ row }) => <Time at={row.original.createdAt} />,
  meta: { wideOnly: true },
});

export const SandboxTable = ({ rows, brief }: { rows: readonly SandboxView[]; brief?: boolean }) => (
  <DataTable
    caption="Sandboxes"
    rows={rows}
    columns={brief ? [name, phase, policy] : [name, phase, agent, policy, node, created]}
    rowKey={(row) => row.id}
    empty={
      <Empty title="No sandbox yet">
        Create one with <code>npx creel sandbox create</code> or over the API; its node starts it within seconds.
      </Empty>
    }
  />
);
