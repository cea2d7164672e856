"use client";
import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "../../../client/trpc.ts";
import { paths } from "../../../lib/paths.ts";
import { KillSwitch } from "../../../parts/kill-switch.tsx";
import { SandboxTable } from "../../../parts/sandbox-table.tsx";
import { TextLink } from "../../../ui/link.tsx";
import { PageHeader, Panel } from "../../../ui/panel.tsx";
import { Answer } from "../../../ui/query.tsx";

export const Sandboxes = ({ input }: { input: { nodeId?: string } }) => {
  const trpc = useTRPC();
  const query = useQuery(trpc.sandbox.list.queryOptions(input));
  return (
    <>
      <PageHeader
        title="Sandboxes"
        lead="Agents, each in a basket of its own on one node, held by one policy."
        actions={<KillSwitch />}
      />
      <Panel
        title={input.nodeId ? "On one node" : "All sandboxes"}
        flush
        actions={input.nodeId ? <TextLink href={paths.sandboxes()}>Show all</TextLink> : null}
      >
        <Answer query={query} what="sandboxes">
          {({ items }) => <SandboxTable rows={items} />}
        </Answer>
      </Panel>
    </>
  );
};
