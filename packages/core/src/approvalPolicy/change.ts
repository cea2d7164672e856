/**
 * Threat: whoever a rule holds up changes the rule first.
 * Invariant: an approval policy is changed by a change that satisfies the policy as it is in force, besides every other policy
 * that selects such changes. One in mode `evaluate` holds nothing up, itself included.
 */
import { type ApprovalSpec, approvalSpecSchema } from "@creel/approvals";
import { and, eq, isNull, ne, type Tx, tables } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { defineChangeKind, type In } from "../change/kinds.ts";
import type { Ctx } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { first, stored } from "../stored.ts";
import { APPROVAL_POLICIES_MAX, NAME_CHARS_MAX } from "./limits.ts";

export const modeSchema = z.enum(["enforce", "evaluate"]);
export const nameSchema = z.string().trim().min(1).max(NAME_CHARS_MAX);

const contentSchema = z.strictObject({
  policyId: z.uuid(),
  /** null removes it. */
  policy: z.strictObject({ name: nameSchema, mode: modeSchema, spec: approvalSpecSchema }).nullable(),
});
type Content = z.output<typeof contentSchema>;
const NEVER_BY_GLASS =
  "Approval policies are not changed by break-glass. Break it on the change that must happen now; the rule itself waits for its approvers.";
const t = tables.approvalPolicies;

export type ApprovalPolicyRow = typeof t.$inferSelect;

export async function standing(
  { tx, orgId }: Pick<In, "tx" | "orgId">,
  policyId: string,
): Promise<ApprovalPolicyRow | null> {
  return first(
    await tx
      .select()
      .from(t)
      .where(and(eq(t.orgId, orgId), eq(t.id, policyId), isNull(t.removedAt))),
  );
}

export const approvalPolicyChange = defineChangeKind({
  kind: "approval_policy",
  contentSchema,
  propose: { action: "propose", on: "approval_policy" },
  direct: { action: "update", on: "approval_policy" },
  subject: ({ policyId }) => `approval_policy:${policyId}`,
  guardedBy: ({ policyId }) => [policyId],
  base: async (at, { policyId }) => {
    const row = await standing(at, policyId);
    return { standing: row === null ? null : { name: row.name, mode: row.mode, spec: row.spec } };
  },
  labels: async () => [],
  risk: async (at, { policyId, policy }) => {
    const row = await standing(at, policyId);
    // Less is asked for: removed, or no longer enforced. What is asked differently nobody can grade, so it is high.
    if (row?.mode === "enforce") return policy?.mode === "enforce" ? "high" : "critical";
    return "low";
  },
  summary: async (at, { policyId, policy }) => {
    const row = await standing(at, policyId);
    if (policy === null) return `Remove the approval policy ${row?.name ?? policyId}`;
    return `${row === null ? "New approval policy" : "Approval policy"} ${policy.name}`;
  },
  neverByGlass: NEVER_BY_GLASS,
  apply: async (tx, ctx, content, { orgId }) => await write(tx, ctx, orgId, content),
});

async function write(tx: Tx, ctx: Ctx, orgId: string, { policyId, policy }: Content): Promise<{ policyId: string }> {
  const now = ctx.clock();
  const before = await standing({ tx, orgId }, policyId);
  if (policy === null) {
    if (before === null) throw new CreelError("conflict", "The approval policy is not there any more.");
    await tx
      .update(t)
      .set({ removedAt: now, updatedAt: now })
      .where(and(eq(t.orgId, orgId), eq(t.id, policyId)));
    await audit(tx, ctx, before, { ...before, removedAt: now });
    return { policyId };
  }
  if (await isTaken(tx, { orgId, policyId, name: policy.name }))
    throw new CreelError("conflict", `Another approval policy is called ${policy.name}.`);
  if (before === null) await expectRoom(tx, orgId);
  const after = {
    ...{ orgId, id: policyId },
    ...policy,
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
    removedAt: null,
  };
  await tx
    .insert(t)
    .values(after)
    .onConflictDoUpdate({ target: [t.orgId, t.id], set: { ...policy, updatedAt: now } });
  await audit(tx, ctx, before, after);
  return { policyId };
}

interface Named {
  orgId: string;
  policyId: string;
  name: string;
}

async function isTaken(tx: Tx, of: Named): Promise<boolean> {
  const found = await tx
    .select({ id: t.id })
    .from(t)
    .where(and(eq(t.orgId, of.orgId), eq(t.name, of.name), ne(t.id, of.policyId), isNull(t.removedAt)));
  return found.length > 0;
}

async function expectRoom(tx: Tx, orgId: string): Promise<void> {
  const rows = await tx
    .select({ id: t.id })
    .from(t)
    .where(and(eq(t.orgId, orgId), isNull(t.removedAt)))
    .limit(APPROVAL_POLICIES_MAX);
  if (rows.length >= APPROVAL_POLICIES_MAX)
    throw new CreelError(
      "conflict",
      `There are ${APPROVAL_POLICIES_MAX} approval policies, and each is asked for every change.`,
    );
}

const audit = async (tx: Tx, ctx: Ctx, before: ApprovalPolicyRow | null, after: ApprovalPolicyRow): Promise<void> =>
  await recordAudit(tx, ctx, after.orgId, {
    action: after.removedAt === null ? "approvalPolicy.save" : "approvalPolicy.remove",
    resource: { kind: "approval_policy", id: after.id, label: after.name },
    changes: changesOf("approvalPolicies", before, after),
  });

export const specOf = (row: Pick<ApprovalPolicyRow, "spec">): ApprovalSpec => stored<ApprovalSpec>(row.spec);
