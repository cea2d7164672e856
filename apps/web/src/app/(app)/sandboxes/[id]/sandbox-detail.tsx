"use client";
import type { SandboxView } from "@creel/core";
import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "../../../../client/trpc.ts";
import { paths } from "../../../../lib/paths.ts";
import { LastEnds } from "../../../../parts/last-ends.tsx";
import { LiveFeed } from "../../../../parts/live-feed.tsx";
import { LogView } from "../../../../parts/log-view.tsx";
import { ReachMap } from "../../../../parts/reach-map.tsx";
import { agentName, policyStanding, startFact } from "../../../../parts/sandbox-facts.ts";
import { limitsText, MonitorBadge, RefusedPolicyNotice } from "../../../../parts/sandbox-notices.tsx";
import { Badge, PhaseBadge } from "../../../../ui/badge.tsx";
import { TextLink } from "../../../../ui/link.tsx";
import { Facts, Mono, PageHeader, Panel } from "../../../../ui/panel.tsx";
import { Answer } from "../../../../ui/query.tsx";
import { Time } from "../../../../ui/time.tsx";
import { SandboxControls } from "./controls.tsx";
import { QuarantineNotice } from "./release.tsx";
import { RunCommand } from "./run-command.tsx";

const PolicyBadge = ({ sandbox }: { sandbox: SandboxView }) => {
  const standing = policyStanding(sandbox);
  if (standing === null) return null;
  return <Badge tone={standing === "in force" ? "allow" : "wait"}>{standing}</Badge>;
};

const PolicyFact = ({ sandbox }: { sandbox: SandboxView }) => (
  <span className="flex flex-wrap items-center gap-1.5">
    <TextLink href={paths.policy(sandbox.policyId)}>
      {sandbox.policyName} version {sandbox.policyVersion}
    </TextLink>
    <PolicyBadge sandbox={sandbox} />
    <MonitorBadge sandbox={sandbox} />
    {sandbox.status ? <span className="text-muted">generation {sandbox.status.generation}</span> : null}
  </span>
);

const About = ({ sandbox }: { sandbox: SandboxView }) => {
  const { status } = sandbox;
  const start = startFact(sandbox);
  return (
    <Panel title="About">
      <Facts
        items={[
          {
            term: "State",
            value: (
              <>
                <PhaseBadge phase={status?.phase ?? "pending"} />{" "}
                {status?.reason ? <span className="text-muted">{status.reason}</span> : null}
              </>
            ),
          },
          { term: "Meant to be", value: sandbox.desiredState },
          { term: "Policy", value: <PolicyFact sandbox={sandbox} /> },
          { term: "Agent", value: agentName(sandbox) },
          ...(sandbox.agent.prompt
            ? [
                {
                  term: "Task",
                  value: (
                    <details>
                      <summary className="text-accent">Show the task</summary>
                      <pre className="mt-1 max-h-60 overflow-auto rounded bg-sunken p-2 whitespace-pre-wrap">
                        {sandbox.agent.prompt}
                      </pre>
                    </details>
                  ),
                },
              ]
            : []),
          { term: "Node", value: <TextLink href={paths.node(sandbox.nodeId)}>{sandbox.nodeName}</TextLink> },
          { term: start.term, value: <Time at={start.at} /> },
          { term: "Restarts", value: status?.restarts ?? 0 },
          { term: "Last ends", value: <LastEnds sandbox={sandbox} /> },
          { term: "Limits", value: limitsText(sandbox) },
          { term: "When it ends", value: `restart ${sandbox.restart.policy}, after ${sandbox.restart.delayMs} ms` },
          { term: "Id", value: <Mono>{sandbox.id}</Mono> },
        ]}
      />
    </Panel>
  );
};

export const SandboxDetail = ({ sandboxId }: { sandboxId: string }) => {
  const trpc = useTRPC();
  const query = useQuery(trpc.sandbox.get.queryOptions({ sandboxId }));
  return (
    <Answer query={query} what="the sandbox">
      {(sandbox) => (
        <>
          <PageHeader
            trail={<TextLink href={paths.sandboxes()}>Sandboxes</TextLink>}
            title={
              <span className="flex flex-wrap items-center gap-2">
                {sandbox.name} <PhaseBadge phase={sandbox.status?.phase ?? "pending"} />
              </span>
            }
            actions={<SandboxControls sandbox={sandbox} />}
          />
          <div className="grid grid-cols-1 gap-4">
            <QuarantineNotice sandbox={sandbox} />
            <RefusedPolicyNotice sandbox={sandbox} />
            <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-2">
              <About sandbox={sandbox} />
              <ReachMap sandbox={sandbox} />
            </div>
            <LogView sandboxId={sandboxId} />
            <RunCommand sandbox={sandbox} />
            <LiveFeed sandboxId={sandboxId} />
          </div>
        </>
      )}
    </Answer>
  );
};
