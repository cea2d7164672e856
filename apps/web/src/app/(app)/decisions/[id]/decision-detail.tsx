"use client";
import type { DecisionView } from "@creel/core";
import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "../../../../client/trpc.ts";
import { paths } from "../../../../lib/paths.ts";
import { askedFor } from "../../../../parts/decision-text.ts";
import { VerdictBadge } from "../../../../ui/badge.tsx";
import { TextLink } from "../../../../ui/link.tsx";
import { Facts, Mono, PageHeader, Panel } from "../../../../ui/panel.tsx";
import { Answer } from "../../../../ui/query.tsx";
import { Time } from "../../../../ui/time.tsx";
import { Words } from "../../../../ui/words.tsx";
import { DecisionWhy } from "./decision-why.tsx";
import { RuleActions, type Wish } from "./rule-actions.tsx";

const bytes = (count: number): string => `${count.toLocaleString("en")} bytes`;
const none = <span className="text-muted">none</span>;

const Answered = ({ decision }: { decision: DecisionView }) => (
  <Panel title="Answer">
    <Facts
      items={[
        { term: "Decision", value: <VerdictBadge verdict={decision.decision} /> },
        { term: "Reason", value: <Words>{decision.reason}</Words> },
        { term: "Rule", value: decision.rule === null ? "no rule matched" : <Mono>{decision.rule}</Mono> },
        { term: "Policy digest", value: <Mono>{decision.policyDigest}</Mono> },
        { term: "Generation", value: decision.generation },
        { term: "Received", value: bytes(decision.bytesIn) },
        { term: "Sent", value: bytes(decision.bytesOut) },
        { term: "Took", value: `${decision.durationMs.toLocaleString("en")} ms` },
      ]}
    />
  </Panel>
);

const Asked = ({ decision }: { decision: DecisionView }) => (
  <Panel title="Request">
    <Facts
      items={[
        { term: "When", value: <Time at={decision.time} exact /> },
        {
          term: "Sandbox",
          value: <TextLink href={paths.sandbox(decision.sandboxId)}>{decision.sandbox}</TextLink>,
        },
        { term: "Node", value: <TextLink href={paths.node(decision.nodeId)}>{decision.node}</TextLink> },
        { term: "Kind", value: decision.kind },
        { term: "Protocol", value: decision.protocol },
        { term: "Host", value: <Mono>{decision.host}</Mono> },
        { term: "Port", value: decision.port },
        { term: "Method", value: decision.method === null ? none : <Mono>{decision.method}</Mono> },
        { term: "Path", value: decision.path === null ? none : <Mono>{decision.path}</Mono> },
      ]}
    />
  </Panel>
);

const Program = ({ binary }: { binary: DecisionView["binary"] }) => (
  <Panel title="Program">
    {binary === null ? (
      <p>Nobody vouched for the program that asked, so the answer is deny whatever the policy says.</p>
    ) : (
      <Facts
        items={[
          { term: "Binary", value: <Mono>{binary.path}</Mono> },
          { term: "SHA-256", value: binary.sha256 === null ? "not known" : <Mono>{binary.sha256}</Mono> },
          ...(binary.script ? [{ term: "Script", value: <Mono>{binary.script}</Mono> }] : []),
          ...(binary.library
            ? [
                {
                  term: "Runs code from",
                  value: (
                    <>
                      <Mono>{binary.library}</Mono>, which the agent can write
                    </>
                  ),
                },
              ]
            : []),
          { term: "Process", value: binary.pid },
          {
            term: "Started by",
            value:
              binary.ancestors.length === 0 ? (
                none
              ) : (
                <ol aria-label="Parents, nearest first">
                  {binary.ancestors.map((path, at) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: the same program may stand in the line twice.
                    <li key={`${at}${path}`}>
                      <Mono>{path}</Mono>
                    </li>
                  ))}
                </ol>
              ),
          },
        ]}
      />
    )}
  </Panel>
);

export const DecisionDetail = ({ decisionId, wish }: { decisionId: string; wish: Wish | null }) => {
  const trpc = useTRPC();
  const query = useQuery(trpc.decision.get.queryOptions({ decisionId }));
  return (
    <Answer query={query} what="the decision">
      {(decision) => (
        <>
          <PageHeader
            trail={<TextLink href={paths.decisions()}>Decisions</TextLink>}
            title={
              <span className="flex flex-wrap items-center gap-2">
                <Mono>{askedFor(decision)}</Mono> <VerdictBadge verdict={decision.decision} />
              </span>
            }
            lead={<Words>{decision.reason}</Words>}
            actions={decision.decision === "allow" ? null : <RuleActions decision={decision} wish={wish} />}
          />
          <div className="grid grid-cols-1 items-start gap-4 lg:grid-cols-2">
            <DecisionWhy decisionId={decisionId} />
            <div className="grid min-w-0 grid-cols-1 gap-4">
              <Asked decision={decision} />
              <Answered decision={decision} />
              <Program binary={decision.binary} />
            </div>
          </div>
        </>
      )}
    </Answer>
  );
};
