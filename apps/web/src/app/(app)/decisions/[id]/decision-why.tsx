"use client";
import type { DecisionExplanation, NewestJudgment } from "@creel/core";
import type { ExplainStep } from "@creel/policy/browser";
import clsx from "clsx";
import { paths } from "../../../../lib/paths.ts";
import { Diff } from "../../../../ui/diff.tsx";
import { TextLink } from "../../../../ui/link.tsx";
import { Panel } from "../../../../ui/panel.tsx";
import { Answer } from "../../../../ui/query.tsx";
import { Words } from "../../../../ui/words.tsx";
import { useWhy } from "./use-why.ts";

type Explained = NonNullable<DecisionExplanation["explanation"]>;

const marks = { holds: "✓", fails: "✗", skipped: "–" } as const;

const Step = ({ step }: { step: ExplainStep }) => (
  <li className="grid grid-cols-[1.2rem_minmax(0,1fr)] gap-x-1">
    <span aria-hidden className={clsx("font-mono", step.outcome === "skipped" && "text-muted")}>
      {marks[step.outcome]}
    </span>
    <div className={clsx("min-w-0 [overflow-wrap:anywhere]", step.outcome === "skipped" && "text-muted")}>
      <p className="font-medium">
        <Words>{step.title}</Words> <span className="sr-only">{step.outcome}</span>
        {step.place === null ? null : <span className="font-normal text-muted"> line {step.place.line}</span>}
      </p>
      <p className="text-muted">
        <Words>{step.detail}</Words>
      </p>
    </div>
  </li>
);

const Excerpt = ({ lines, deciding }: { lines: DecisionExplanation["excerpt"]; deciding: number }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard.
  <section aria-label="The line that decided" tabIndex={0} className="overflow-x-auto rounded border border-line">
    <table className="w-full border-collapse font-mono text-[0.93rem]">
      <tbody>
        {lines.map(({ line, text }) => (
          <tr key={line} className={clsx(line === deciding && "bg-accent-soft font-semibold")}>
            <td className="w-10 px-2 text-right text-muted select-none">{line}</td>
            <td className="pr-3 whitespace-pre">
              {line === deciding ? <span className="sr-only">decided: </span> : null}
              {text}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </section>
);

const Turn = ({ explained }: { explained: Explained }) => {
  const { turn, unturnable } = explained;
  if (turn === null)
    return unturnable === null ? null : (
      <p>
        <Words>{unturnable}</Words>
      </p>
    );
  return (
    <div className="grid gap-1.5">
      <h3 className="font-semibold">The smallest change that would {turn.to} it</h3>
      <p>
        <Words>{turn.sentence}</Words>
      </p>
      <Diff label={`The smallest change that would ${turn.to} it`} lines={turn.lines} />
    </div>
  );
};

/** What was missing then is there now, so no change is proposed. */
const AllowedNow = (props: { newest: NewestJudgment; decidedBy: DecisionExplanation["policy"] }) => {
  const { policyId, policyName, version } = props.newest;
  // Of the same policy it leads to what changed since.
  const since: [from?: number, to?: number] =
    props.decidedBy?.id === policyId ? [props.decidedBy.version, version] : [];
  return (
    <p className="[&_a]:underline">
      <TextLink href={paths.policy(policyId, ...since)}>Version {version}</TextLink> of {policyName} allows it now.
    </p>
  );
};

const Told = ({ told, explained }: { told: DecisionExplanation; explained: Explained }) => (
  <>
    {told.agrees ? null : (
      <p role="note" className="rounded bg-sunken px-3 py-2">
        Judged again from the record, this version says {explained.decision.decision.replace("_", " ")}:{" "}
        <Words>{explained.decision.reason}</Words> What made the difference then is not in the record: a header, the
        body, the resolved address, or the gateway itself.
      </p>
    )}
    <ol aria-label="Steps of the decision" className="grid gap-1.5">
      {explained.steps.map((step, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the same question may be asked of several entries.
        <Step key={`${at}${step.title}`} step={step} />
      ))}
    </ol>
    {explained.deciding === null ? (
      <p className="text-muted">No line of the file decided this.</p>
    ) : (
      <Excerpt lines={told.excerpt} deciding={explained.deciding.line} />
    )}
    {told.newest?.allows && explained.decision.decision !== "allow" ? (
      <AllowedNow newest={told.newest} decidedBy={told.policy} />
    ) : (
      <Turn explained={explained} />
    )}
    <p className="text-muted">
      The record keeps neither headers nor body nor the resolved address; rules that ask for them are judged here as if
      they were missing.
    </p>
  </>
);

const Version = ({ policy }: { policy: NonNullable<DecisionExplanation["policy"]> }) => (
  <p className="[&_a]:underline">
    Decided by{" "}
    <TextLink href={paths.policy(policy.id, policy.version)}>
      {policy.name} version {policy.version}
    </TextLink>
    {policy.version === policy.latestVersion ? ", the newest." : `; the newest is version ${policy.latestVersion}.`}
  </p>
);

/** Why: the decision judged again, step by step, by the version of the policy that made it. */
export const DecisionWhy = ({ decisionId }: { decisionId: string }) => {
  const query = useWhy(decisionId);
  return (
    <Panel title="Why">
      <Answer query={query} what="why it was decided so">
        {(told) => (
          <div className="grid grid-cols-1 gap-3">
            {told.policy === null ? null : <Version policy={told.policy} />}
            {told.explanation === null ? (
              <p className="text-muted">{told.unexplained}</p>
            ) : (
              <Told told={told} explained={told.explanation} />
            )}
          </div>
        )}
      </Answer>
    </Panel>
  );
};
