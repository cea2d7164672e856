import type { Freeze, Quorum, Reviewer, Rule, Selector, Weekday } from "./types.ts";

/** How people call the ids in a rule; what is not known is shown as it stands. */
export interface Names {
  role?: (key: string) => string;
  team?: (id: string) => string;
  person?: (id: string) => string;
}

const listed = (parts: readonly string[], word: string): string =>
  parts.length < 2 ? (parts[0] ?? "") : `${parts.slice(0, -1).join(", ")} ${word} ${parts.at(-1)}`;

export function describeReviewer(reviewer: Reviewer, names: Names = {}): string {
  if ("role" in reviewer) return `role ${names.role?.(reviewer.role) ?? reviewer.role}`;
  if ("team" in reviewer) return `team ${names.team?.(reviewer.team) ?? reviewer.team}`;
  if ("person" in reviewer) return names.person?.(reviewer.person) ?? reviewer.person;
  return `everyone with ${reviewer.permission}`;
}

export function describeQuorum(quorum: Quorum, names: Names = {}): string {
  const who = listed(
    quorum.of.map((reviewer) => describeReviewer(reviewer, names)),
    "or",
  );
  const count = quorum.atLeast === 1 ? "1 person" : `${quorum.atLeast} persons`;
  return `${count} of ${who}${quorum.distinctTeams === true ? ", each from another team" : ""}`;
}

export function describeRule(rule: Rule, names: Names = {}): string {
  if ("atLeast" in rule) return describeQuorum(rule, names);
  const parts = "all" in rule ? rule.all : rule.any;
  const inner = parts.map((part) => ("atLeast" in part ? describeRule(part, names) : `(${describeRule(part, names)})`));
  return listed(inner, "all" in rule ? "and" : "or");
}

export function describeSteps(steps: readonly Rule[], names: Names = {}): string {
  return steps.map((step) => describeRule(step, names)).join("; then ");
}

export function describeSelector(selector: Selector): string {
  const parts = [
    selector.kinds === undefined ? "every change" : `changes of ${listed(selector.kinds, "or")}`,
    ...(selector.riskAtLeast === undefined ? [] : [`at risk ${selector.riskAtLeast} or above`]),
    ...Object.entries(selector.labels ?? {}).map(([key, values]) => `where ${key} is ${listed(values, "or")}`),
  ];
  return parts.join(", ");
}

const dayWords: Readonly<Record<Weekday, string>> = {
  mon: "Monday",
  tue: "Tuesday",
  wed: "Wednesday",
  thu: "Thursday",
  fri: "Friday",
  sat: "Saturday",
  sun: "Sunday",
};

export function describeFreeze(freeze: Freeze): string {
  if (!("weekly" in freeze)) return `from ${freeze.from} until ${freeze.until}: ${freeze.reason}`;
  const { days, from, until, timezone } = freeze.weekly;
  const on = listed(
    days.map((day) => dayWords[day]),
    "and",
  );
  const end = until > from ? until : `${until} of the day after`;
  return `every ${on} from ${from} until ${end}, by the clocks of ${timezone}: ${freeze.reason}`;
}
