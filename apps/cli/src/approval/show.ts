import { line, type Printed, printable } from "../io.ts";
import type { ChangeDetail, ChangeSummary } from "./views.ts";

const labels = (people: readonly { label: string }[]): string => people.map(({ label }) => label).join(", ");

export function changeLines(changes: readonly ChangeSummary[]): Printed[] {
  return changes.map(({ id, state, risk, title, author }) =>
    line(printable(`${id}  ${state.padEnd(10)} ${risk.padEnd(8)} ${title} (${author.label})`)),
  );
}

/** What it says, what is missing and who could give it. */
export function detailLines(change: ChangeDetail): Printed[] {
  const rules = change.rules.flatMap((rule) => [
    `${rule.name}: ${rule.asks} (${rule.state})`,
    ...rule.steps.flatMap(({ quorums }) =>
      quorums
        .filter(({ missing }) => missing > 0)
        .map(({ missing, candidates }) =>
          candidates.length === 0
            ? `  ${missing} missing, and nobody here can give it`
            : `  ${missing} missing; can be given by ${labels(candidates)}`,
        ),
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
    ...(change.message === "" ? [] : [change.message]),
    ...(change.applyAt === null ? [] : [`Not before ${change.applyAt}`]),
    ...(change.endedReason === null ? [] : [change.endedReason]),
    ...rules,
    ...votes,
    `digest ${change.digest}`,
  ].map((text) => line(printable(text)));
}
