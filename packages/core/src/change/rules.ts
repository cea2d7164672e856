import { type ApprovalSpec, type Labels, type RiskGrade, selects } from "@creel/approvals";
import { and, asc, eq, isNull, type Tx, tables } from "@creel/db";
import { permissionOf } from "../authz/roles.ts";
import { stored } from "../stored.ts";
import { namesOfKind, type Right } from "./kinds.ts";
import { TIME_TO_LIVE_HOURS } from "./limits.ts";
import { rulesBeforeGlass, rulesNobodyApproved } from "./underGlass.ts";

export interface PolicyInForce {
  /** null: the rule that holds where no policy selects a change whose author may not do it alone. */
  policyId: string | null;
  name: string;
  spec: ApprovalSpec;
}
export interface Rules {
  enforced: readonly PolicyInForce[];
  evaluated: readonly PolicyInForce[];
}

export interface ApprovalRule {
  policyId: string;
  name: string;
  mode: string;
  spec: ApprovalSpec;
}

/** The approval policies that stand there, enforced or looking on. What holds because of them is asked of `bindingRules`. */
export async function standingRules(tx: Tx, orgId: string): Promise<ApprovalRule[]> {
  const t = tables.approvalPolicies;
  const rows = await tx
    .select()
    .from(t)
    .where(and(eq(t.orgId, orgId), isNull(t.removedAt)))
    .orderBy(asc(t.name));
  return rows.map(({ id, name, mode, spec }) => ({ policyId: id, name, mode, spec: stored<ApprovalSpec>(spec) }));
}

/**
 * The approval policies as they bind: one that break-glass changed or removed as it was before. Threat: a gate that reads what stands
 * is opened by a broken glass, and what came through it stays when the glass is over. Invariant: every gate asks here.
 */
export async function bindingRules(tx: Tx, orgId: string): Promise<ApprovalRule[]> {
  const before = await rulesBeforeGlass(tx, orgId);
  return [
    ...(await standingRules(tx, orgId)).filter(({ policyId }) => !before.has(policyId)),
    ...[...before].map(([policyId, { name, mode, spec }]) => ({
      ...{ policyId, name, mode },
      spec: stored<ApprovalSpec>(spec),
    })),
  ];
}

/** The approval policies that select a change at this moment, and those that guard what it changes. */
export async function rulesFor(
  tx: Tx,
  of: { orgId: string; kind: string; risk: RiskGrade; touches: readonly Labels[]; guardedBy: readonly string[] },
): Promise<Rules> {
  const unapproved = of.guardedBy.length === 0 ? new Set<string>() : await rulesNobodyApproved(tx, of.orgId);
  const ownEnd = ({ policyId }: { policyId: string }): boolean =>
    of.guardedBy.includes(policyId) && unapproved.has(policyId);
  const selected = (await bindingRules(tx, of.orgId))
    .map((policy) => (ownEnd(policy) ? { ...policy, spec: SOMEBODY_ELSE } : policy))
    .filter((policy) => isSelected(policy.spec, of) || of.guardedBy.includes(policy.policyId));
  return {
    enforced: selected.filter(({ mode }) => mode === "enforce"),
    evaluated: selected.filter(({ mode }) => mode !== "enforce"),
  };
}

const isSelected = ({ selector }: ApprovalSpec, of: { kind: string; risk: RiskGrade; touches: readonly Labels[] }) =>
  namesOfKind(of.kind).some((kind) => selects(selector, { ...of, kind }));

/** What nobody made a rule for, and its author may not do alone, one person who may must approve. */
export const unselectedRule = ({ on, action }: Right): PolicyInForce => ({
  policyId: null,
  name: "Somebody who may do it",
  spec: {
    selector: {},
    steps: [{ atLeast: 1, of: [{ permission: permissionOf(on, action) }] }],
    veto: "reviewers",
    timeToLiveHours: TIME_TO_LIVE_HOURS,
    freezes: [],
  },
});

/** What changing a rule takes that break-glass alone made. */
const SOMEBODY_ELSE = unselectedRule({ action: "update", on: "approval_policy" }).spec;

const HOUR_MS = 60 * 60 * 1000;

/** The shortest that any rule gives it. */
export const timeToLiveMs = (enforced: readonly PolicyInForce[]): number =>
  Math.min(...(enforced.length > 0 ? enforced.map(({ spec }) => spec.timeToLiveHours) : [TIME_TO_LIVE_HOURS])) *
  HOUR_MS;
