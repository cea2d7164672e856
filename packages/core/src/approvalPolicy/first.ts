import { type ApprovalSpec, TIME_TO_LIVE_HOURS_DEFAULT } from "@creel/approvals";
import { eq, newId, type Tx, tables } from "@creel/db";

/** Four eyes on what is grave. Somebody alone could approve nothing, so it begins by looking on only. */
const FOUR_EYES: ApprovalSpec = {
  selector: { riskAtLeast: "medium" },
  steps: [{ atLeast: 1, of: [{ permission: "change:approve" }] }],
  veto: "reviewers",
  timeToLiveHours: TIME_TO_LIVE_HOURS_DEFAULT,
  freezes: [],
};

/** The approval policy an org begins with; one that was removed is not made again. */
export async function ensureFirstPolicy(tx: Tx, of: { orgId: string; now: Date }): Promise<void> {
  const t = tables.approvalPolicies;
  const known = await tx.select({ id: t.id }).from(t).where(eq(t.orgId, of.orgId)).limit(1);
  if (known.length > 0) return;
  await tx
    .insert(t)
    .values({
      orgId: of.orgId,
      id: newId(of.now),
      name: "four eyes",
      mode: "evaluate",
      spec: FOUR_EYES,
      createdAt: of.now,
      updatedAt: of.now,
    })
    // Founded twice at the same moment, it is made once.
    .onConflictDoNothing();
}
