"use client";
import type { ChangeDetail, ChangeImpact } from "@creel/core";
import { paths } from "../../../../lib/paths.ts";
import { PolicyDiffView } from "../../../../parts/policy-diff/policy-diff-view.tsx";
import { ReplayPart } from "../../../../parts/policy-diff/replay-part.tsx";
import { useComparison } from "../../../../policy/use-comparison.ts";
import { TextLink } from "../../../../ui/link.tsx";
import { Mono, Panel } from "../../../../ui/panel.tsx";

const counted = (count: number, word: string, many: string): string => `${count} ${count === 1 ? word : many}`;

/** What becomes true, and of what: the policy's meaning first, for other kinds the content as it stands. */
export const Impact = ({ change, impact }: { change: ChangeDetail; impact: ChangeImpact }) =>
  impact.policy === null ? (
    <Panel title={impact.says.length === 0 ? "What it says" : "What becomes possible"}>
      {impact.says.length === 0 ? null : (
        <ul className="mb-3 grid gap-1">
          {impact.says.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      )}
      <Mono className="block max-h-[32rem] overflow-auto whitespace-pre-wrap">
        {JSON.stringify(change.content, null, 2)}
      </Mono>
    </Panel>
  ) : (
    <PolicyImpact impact={impact} policy={impact.policy} />
  );

const PolicyImpact = ({ impact, policy }: { impact: ChangeImpact; policy: NonNullable<ChangeImpact["policy"]> }) => {
  const comparison = useComparison({ before: policy.before, after: policy.after, enabled: true });
  return (
    <>
      <Panel title="What it touches">
        <p>
          {policy.id === null ? (
            `No sandbox: ${policy.name} is not there yet.`
          ) : (
            <>
              {counted(impact.sandboxCount, "sandbox", "sandboxes")} on {counted(impact.nodeCount, "node", "nodes")} use{" "}
              <TextLink href={paths.policy(policy.id)} className="underline">
                {policy.name}
              </TextLink>
              .
            </>
          )}
        </p>
        {impact.sandboxes.length > 0 ? (
          <ul className="mt-1 flex flex-wrap gap-x-3 gap-y-1">
            {impact.sandboxes.map((sandbox) => (
              <li key={sandbox.id}>
                <TextLink href={paths.sandbox(sandbox.id)}>{sandbox.name}</TextLink>{" "}
                <span className="text-muted">
                  on {sandbox.nodeName}
                  {sandbox.nodeConnected ? "" : " (away)"}
                </span>
              </li>
            ))}
          </ul>
        ) : null}
        {impact.credentials.length > 0 ? (
          <div className="mt-2 rounded bg-would-soft px-2.5 py-1.5 text-would">
            <p className="font-medium">Credentials come into reach:</p>
            <ul>
              {impact.credentials.map(({ name, places }) => (
                <li key={name}>
                  <Mono>{name}</Mono> at {places.join(", ")}
                </li>
              ))}
            </ul>
          </div>
        ) : (
          <p className="mt-2 text-muted">No credential comes into reach that was not.</p>
        )}
      </Panel>
      <Panel title="What becomes allowed and denied">
        <PolicyDiffView
          before={policy.before}
          after={policy.after}
          label={`Change of ${policy.name}`}
          comparison={comparison}
          judge
        />
      </Panel>
      {policy.id === null ? null : (
        <Panel title="What it would have done to past requests">
          <ReplayPart policyId={policy.id} yaml={policy.after} />
        </Panel>
      )}
    </>
  );
};
