import { visible } from "@creel/policy/visible";
import { line, type Printed } from "../io.ts";
import type { ChangeDetail, ChangeSummary, Quorum } from "./views.ts";

const labels = (people: readonly { label: string }[]): string => people.map(({ label }) => label).join(", ");

function whoCan({ candidates, candidateCount = candidates.length }: Quorum): string {
  if (candidateCount === 0) return ", and nobody here can give it";
  return `; can be given by ${candidates.length > 0 ? labels(candidates) : `${candidateCount} of the members`}`;
}

export function changeLines(changes: readonly ChangeSummary[]): Printed[] {
  return changes.map(({ id, state, risk, title, author }) =>
    line(visible(`${id}  ${state.padEnd(10)} ${risk.padEnd(8)} ${title} (${author.label})`)),
  );
}

/** What it says, what is missing and who could give it. */
export function detailLines(change: ChangeDetail): Printed[] {
  const rules = change.rules.flatMap((rule) => [
    `${rule.name}: ${rule.asks} (${rule.state})`,
    ...rule.steps.flatMap(({ quorums }) =>
      quorums.filter(({ missing }) => missing > 0).map((quorum) => `  ${quorum.missing} missing${whoCan(quorum)}`),
    ),
    ...(rule.outOfReach ? ["  not even everybody who may vote could satisfy this"] : []),
  ]);
  const votes = change.votes.map(({ voter, verdict, current, uncounted }) => {
    const why = current ? uncounted : "it was for the text before an edit";
    return `${voter.label}: ${verdict}${why === null ? "" : ` (does not count: ${why})`}`;
  });
  return [
    `${change.title}`,
    `${change.state}, risk ${change.risk}, by ${change.author.label} at ${change.createdAt}`,
    ...(change.lastEditor == null ? [] : [`edited last by ${change.lastEditor.label}`]),
    ...(change.message === "" ? [] : change.message.split("\n")),
    ...(change.applyAt === null ? [] : [`Not before ${change.applyAt}`]),
    ...(change.endedReason === null ? [] : [change.endedReason]),
    ...rules,
    ...votes,
    `digest ${change.digest}`,
  ].map((text) => line(visible(text)));
}
