"use client";
import type { NodeView } from "@creel/core";
import { useQuery } from "@tanstack/react-query";
import { HEARD } from "../../../../client/query-client.ts";
import { useTRPC } from "../../../../client/trpc.ts";
import { paths } from "../../../../lib/paths.ts";
import { KillSwitch } from "../../../../parts/kill-switch.tsx";
import { Layers } from "../../../../parts/layers.tsx";
import { ModelName, NodeStateBadge, ScriptedNote } from "../../../../parts/node-parts.tsx";
import { PlanTable } from "../../../../parts/plan-table.tsx";
import { SandboxTable } from "../../../../parts/sandbox-table.tsx";
import { Badge } from "../../../../ui/badge.tsx";
import { TextLink } from "../../../../ui/link.tsx";
import { Facts, Mono, PageHeader, Panel } from "../../../../ui/panel.tsx";
import { Answer } from "../../../../ui/query.tsx";
import { Time } from "../../../../ui/time.tsx";
import { RevokeNode } from "./revoke.tsx";

const Generation = ({ node }: { node: NodeView }) =>
  node.generation === node.desiredGeneration ? (
    <>
      {node.generation} <Badge tone="allow">as planned</Badge>
    </>
  ) : (
    <>
      {node.generation}, planned {node.desiredGeneration} <Badge tone="wait">catching up</Badge>
    </>
  );

const About = ({ node }: { node: NodeView }) => (
  <Panel title="About">
    <Facts
      items={[
        { term: "Last heard", value: <Time at={node.lastSeenAt} /> },
        { term: "Generation in force", value: <Generation node={node} /> },
        { term: "Certificate ends", value: <Time at={node.certificateExpiresAt} exact /> },
        { term: "Model", value: <ModelName model={node.model} /> },
        { term: "Agent version", value: node.agentVersion ?? "not reported yet" },
        { term: "Kernel", value: node.capabilities ? <Mono>{node.capabilities.kernel}</Mono> : "not reported yet" },
        { term: "Architecture", value: node.capabilities?.arch ?? "not reported yet" },
        { term: "Enrolled", value: <Time at={node.enrolledAt} exact /> },
        { term: "Id", value: <Mono>{node.id}</Mono> },
      ]}
    />
  </Panel>
);

export const NodeDetail = ({ nodeId }: { nodeId: string }) => {
  const trpc = useTRPC();
  const query = useQuery(trpc.node.get.queryOptions({ nodeId }, HEARD));
  const sandboxes = useQuery(trpc.sandbox.list.queryOptions({ nodeId }));
  return (
    <Answer query={query} what="the node">
      {(node) => (
        <>
          <PageHeader
            trail={<TextLink href={paths.nodes()}>Nodes</TextLink>}
            title={
              <span className="flex flex-wrap items-center gap-2">
                {node.name} <NodeStateBadge node={node} />
              </span>
            }
            actions={
              <>
                <KillSwitch node={node} />
                <RevokeNode node={node} />
              </>
            }
          />
          <div className="grid grid-cols-1 gap-4">
            <ScriptedNote model={node.model} />
            <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-2">
              <About node={node} />
              <Panel title="Sandboxes" flush>
                <Answer query={sandboxes} what="sandboxes">
                  {({ items }) => <SandboxTable rows={items} brief />}
                </Answer>
              </Panel>
            </div>
            <Layers capabilities={node.capabilities} />
            <PlanTable nodeId={nodeId} />
          </div>
        </>
      )}
    </Answer>
  );
};
