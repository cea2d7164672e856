import type { ChangeDetail, QuorumView, SeatRef } from "@creel/core";
import { Badge } from "../../../../ui/badge.tsx";
import { Panel } from "../../../../ui/panel.tsx";
import { Time } from "../../../../ui/time.tsx";
import { Remind } from "./remind.tsx";

const tones = { satisfied: "allow", rejected: "deny", open: "wait" } as const;
const words = { satisfied: "satisfied", rejected: "rejected", open: "open" } as const;
const SHOWN_MAX = 8;

const named = (people: readonly SeatRef[]): string => {
  const shown = people
    .slice(0, SHOWN_MAX)
    .map(({ label, standsFor }) => (standsFor.length === 0 ? label : `${label} for ${standsFor.join(" or ")}`));
  return [...shown, ...(people.length > SHOWN_MAX ? [`${people.length - SHOWN_MAX} more`] : [])].join(", ");
};

function whoCan({ candidates, candidateCount }: QuorumView): string {
  if (candidateCount === 0) return "Nobody here can give it.";
  if (candidates.length > 0) return `Can be given by ${named(candidates)}.`;
  return candidateCount === 1 ? "One person can give it." : `${candidateCount} people can give it.`;
}

const Quorum = ({ quorum }: { quorum: QuorumView }) => (
  <li>
    <p>{quorum.asks}</p>
    {quorum.filledBy.length > 0 ? <p className="text-muted">Approved by {named(quorum.filledBy)}.</p> : null}
    {quorum.missing === 0 ? null : (
      <p className="text-muted">
        {quorum.missing} missing. {whoCan(quorum)}
      </p>
    )}
  </li>
);

/** Which rules hold it, what each lacks, and who could give it. */
export const Missing = ({ change }: { change: ChangeDetail }) =>
  change.rules.length === 0 ? null : (
    <Panel title={change.state === "applied" ? "Who must say that it stays" : "Who must approve"}>
      <ul className="grid gap-3">
        {change.rules.map((rule) => (
          <li key={rule.policyId ?? "none"} className="min-w-0">
            <p className="flex flex-wrap items-center gap-2 font-medium">
              {rule.name} <Badge tone={tones[rule.state]}>{words[rule.state]}</Badge>
            </p>
            <ol className="grid gap-1">
              {rule.steps.map((step, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: steps have no name but their place.
                <li key={index}>
                  {rule.steps.length > 1 ? (
                    <p className="text-muted">
                      Step {index + 1}
                      {step.state === "later" ? ", not yet due" : step.state === "done" ? ", done" : ", due now"}
                    </p>
                  ) : null}
                  <ul>
                    {step.quorums.map((quorum) => (
                      <Quorum key={quorum.asks} quorum={quorum} />
                    ))}
                  </ul>
                </li>
              ))}
            </ol>
            {rule.outOfReach ? (
              <p role="alert" className="mt-1 rounded bg-deny-soft px-2 py-1 text-deny">
                Not even everybody who may vote could satisfy this rule. Change the rule, or give somebody the role.
              </p>
            ) : null}
          </li>
        ))}
      </ul>
      {change.state === "open" ? <Remind change={change} /> : null}
    </Panel>
  );

export const Votes = ({ change }: { change: ChangeDetail }) =>
  change.votes.length === 0 ? null : (
    <Panel title="Votes">
      <ul className="grid gap-2">
        {change.votes.map((vote) => (
          <li key={`${vote.voter.id} ${vote.castAt}`}>
            <Badge tone={vote.verdict === "approve" ? "allow" : "deny"}>
              {vote.verdict === "approve" ? "approved" : "rejected"}
            </Badge>{" "}
            {vote.voter.label}
            {vote.standsFor.length === 0 ? "" : ` for ${vote.standsFor.join(" or ")}`} <Time at={vote.castAt} />
            {vote.comment === "" ? null : <p className="break-words">{vote.comment}</p>}
            {vote.current ? null : (
              <p className="text-muted">It was for the text before an edit, and does not count.</p>
            )}
            {vote.uncounted === null ? null : <p className="text-muted">Does not count: {vote.uncounted}</p>}
          </li>
        ))}
      </ul>
    </Panel>
  );
