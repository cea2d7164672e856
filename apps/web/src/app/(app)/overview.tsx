"use client";
import { useQuery } from "@tanstack/react-query";
import { HEARD } from "../../client/query-client.ts";
import { useTRPC } from "../../client/trpc.ts";
import { paths } from "../../lib/paths.ts";
import { LiveFeed } from "../../parts/live-feed.tsx";
import { LayerSummary, ModelName, NodeStateBadge, ScriptedNote } from "../../parts/node-parts.tsx";
import { SandboxTable } from "../../parts/sandbox-table.tsx";
import { Timeline } from "../../parts/timeline.tsx";
import { CountLink, TextLink } from "../../ui/link.tsx";
import { PageHeader, Panel } from "../../ui/panel.tsx";
import { Answer } from "../../ui/query.tsx";
import { Empty } from "../../ui/states.tsx";
import { Time } from "../../ui/time.tsx";

/** The overview shows this many nodes; a larger fleet has its own page. */
const NODES_SHOWN = 4;

const Nodes = () => {
  const trpc = useTRPC();
  const query = useQuery(trpc.node.list.queryOptions({}, HEARD));
  return (
    <Panel title="Nodes" flush actions={<TextLink href={paths.nodes()}>All nodes</TextLink>}>
      <Answer query={query} what="nodes">
        {({ items }) =>
          items.length === 0 ? (
            <Empty title="No node yet">
              <TextLink href={paths.nodes()}>Enroll a node</TextLink> to run the first sandbox on it.
            </Empty>
          ) : (
            <ul className="divide-y divide-line">
              {items.slice(0, NODES_SHOWN).map((node) => (
                <li key={node.id} className="grid gap-1 px-3 py-2.5">
                  <div className="flex flex-wrap items-center gap-2">
                    <TextLink href={paths.node(node.id)} className="font-medium">
                      {node.name}
                    </TextLink>
                    <NodeStateBadge node={node} />
                    <span className="text-muted">
                      heard <Time at={node.lastSeenAt} />
                    </span>
                  </div>
                  <dl className="grid grid-cols-[max-content_1fr] gap-x-3 gap-y-0.5">
                    <dt className="text-muted">Layers</dt>
                    <dd>
                      <LayerSummary node={node} />
                    </dd>
                    <dt className="text-muted">Model</dt>
                    <dd>
                      <ModelName model={node.model} />
                    </dd>
                    <dt className="text-muted">Runs</dt>
                    <dd>
                      <CountLink
                        count={node.sandboxCount}
                        one="sandbox"
                        many="sandboxes"
                        href={paths.sandboxes({ nodeId: node.id })}
                      />
                    </dd>
                  </dl>
                </li>
              ))}
            </ul>
          )
        }
      </Answer>
    </Panel>
  );
};

const Sandboxes = () => {
  const trpc = useTRPC();
  const query = useQuery(trpc.sandbox.list.queryOptions({}));
  return (
    <Panel title="Sandboxes" flush actions={<TextLink href={paths.sandboxes()}>All sandboxes</TextLink>}>
      <Answer query={query} what="sandboxes">
        {({ items }) => <SandboxTable rows={items} brief />}
      </Answer>
    </Panel>
  );
};

const Scripted = () => {
  const trpc = useTRPC();
  const nodes = useQuery(trpc.node.list.queryOptions({})).data?.items ?? [];
  return <ScriptedNote model={nodes.find((node) => node.model?.scripted)?.model ?? null} />;
};

export const Overview = () => (
  <>
    <PageHeader title="Overview" />
    <div className="grid grid-cols-1 gap-4">
      <Scripted />
      <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
        <div className="grid min-w-0 grid-cols-1 gap-4">
          <Nodes />
          <Sandboxes />
        </div>
        <Timeline />
      </div>
      <LiveFeed />
    </div>
  </>
);
