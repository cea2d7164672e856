import type { ApprovalSpec, Labels } from "@creel/approvals";
import { and, eq, isNull, tables } from "@creel/db";
import { type Scope, scopeMeet } from "../authz/grant.ts";
import { stored } from "../stored.ts";
import type { In } from "./kinds.ts";

/** Sets of labels that a scope is written out into; one with more counts as the whole org, so that it needs rights over all of it. */
const WRITTEN_OUT_MAX = 64;

/**
 * What something given over a scope touches: each set of labels that the scope names, and one example of what each approval policy
 * selects by labels and the scope does not leave out. Threat: who wants nobody asked names other labels than the approval policy
 * does. Invariant: what could ever cover a thing that a policy selects is selected by it.
 */
export async function touchesOfScope({ tx, orgId }: In, scope: Scope | null): Promise<Labels[]> {
  const t = tables.approvalPolicies;
  const rows = await tx
    .select({ spec: t.spec })
    .from(t)
    .where(and(eq(t.orgId, orgId), isNull(t.removedAt)));
  const examples = rows.flatMap(({ spec }) => {
    const { labels } = stored<ApprovalSpec>(spec).selector;
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
