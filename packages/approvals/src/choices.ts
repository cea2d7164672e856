import type { Quorum, Rule } from "./types.ts";

/** Every way to satisfy a rule: one branch of each `any` taken, the quorums that must then hold together. */
export function choicesOf(rule: Rule): readonly (readonly Quorum[])[] {
  if ("atLeast" in rule) return [[rule]];
  if ("any" in rule) return rule.any.flatMap(choicesOf);
  return rule.all
    .map(choicesOf)
    .reduce<readonly (readonly Quorum[])[]>(
      (sofar, next) => sofar.flatMap((left) => next.map((right) => [...left, ...right])),
      [[]],
    );
}

/** How many there are, counted without making them. */
export function choiceCount(rule: Rule): number {
  if ("atLeast" in rule) return 1;
  if ("any" in rule) return rule.any.reduce((sum, each) => sum + choiceCount(each), 0);
  return rule.all.reduce((product, each) => product * choiceCount(each), 1);
}

export const seatsOf = (choice: readonly Quorum[]): number => choice.reduce((sum, { atLeast }) => sum + atLeast, 0);

export function quorumsOf(rule: Rule): readonly Quorum[] {
  if ("atLeast" in rule) return [rule];
  return ("any" in rule ? rule.any : rule.all).flatMap(quorumsOf);
}
