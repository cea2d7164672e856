import { type ApprovalSpec, type Labels, type RiskGrade, selects } from "@creel/approvals";
import { and, asc, eq, isNull, type Tx, tables } from "@creel/db";
import { permissionOf } from "../authz/roles.ts";
import { stored } from "../stored.ts";
import { namesOfKind, type Right } from "./kinds.ts";
import { TIME_TO_LIVE_HOURS } from "./limits.ts";

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

/** The approval policies of an organization, enforced or looking on. Invariant: every gate that a rule holds asks here. */
export async function standingRules(tx: Tx, orgId: string): Promise<ApprovalRule[]> {
  const t = tables.approvalPolicies;
  const rows = await tx
    .select()
    .from(t)
    .where(and(eq(t.orgId, orgId), isNull(t.removedAt)))
    .orderBy(asc(t.name));
  return rows.map(({ id, name, mode, spec }) => ({ policyId: id, name, mode, spec: stored<ApprovalSpec>(spec) }));
}

/** The approval policies that select a change at this moment, and those that guard what it changes. */
export async function rulesFor(
  tx: Tx,
  of: { orgId: string; kind: string; risk: RiskGrade; touches: readonly Labels[]; guardedBy: readonly string[] },
): Promise<Rules> {
  const selected = (await standingRules(tx, of.orgId)).filter(
    (policy) => isSelected(policy.spec, of) || of.guardedBy.includes(policy.policyId),
  );
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

const HOUR_MS = 60 * 60 * 1000;

/** The shortest that any rule gives it. */
export const timeToLiveMs = (enforced: readonly PolicyInForce[]): number =>
  Math.min(...(enforced.length > 0 ? enforced.map(({ spec }) => spec.timeToLiveHours) : [TIME_TO_LIVE_HOURS])) *
  HOUR_MS;
