import type { Labels } from "@creel/approvals";
import { type Scope, scopeMeet } from "../authz/grant.ts";
import type { In } from "./kinds.ts";
import { standingRules } from "./rules.ts";

/** Sets of labels that a scope is written out into; one with more counts as the whole org, so that it needs rights over all of it. */
const WRITTEN_OUT_MAX = 64;

/**
 * What something given over a scope touches: each set of labels that the scope names, and one example of what each approval policy
 * selects by labels and the scope does not leave out. Threat: who wants nobody asked names other labels than the approval policy
 * does. Invariant: what could ever cover a thing that a policy selects is selected by it.
 */
export async function touchesOfScope({ tx, orgId }: In, scope: Scope | null): Promise<Labels[]> {
  const examples = (await standingRules(tx, orgId)).flatMap(({ spec }) => {
    const { labels } = spec.selector;
    if (labels === undefined) return [];
    const meet = scopeMeet(scope, labels);
    return meet === "nothing" || meet === null ? [] : [exampleOf(meet)];
  });
  return [...writtenOut(scope), ...examples];
}

/** `{}` is a thing without labels, which rights over the whole org alone cover. */
function writtenOut(scope: Scope | null): Labels[] {
  const labels = Object.entries(scope ?? {});
  if (labels.reduce((count, [, values]) => count * values.length, 1) > WRITTEN_OUT_MAX) return [{}];
  return labels.reduce<Labels[]>(
    (sets, [name, values]) => sets.flatMap((set) => values.map((value) => ({ ...set, [name]: value }))),
    [{}],
  );
}

const exampleOf = (scope: Scope): Labels =>
  Object.fromEntries(Object.entries(scope).flatMap(([name, [value]]) => (value === undefined ? [] : [[name, value]])));
