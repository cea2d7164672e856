/**
 * Threat: whoever a rule holds up changes the rule first.
 * Invariant: an approval policy is changed by a change that satisfies the policy as it is in force, besides every other policy
 * that selects such changes. One in mode `evaluate` holds nothing up, itself included.
 */
import { type ApprovalSpec, approvalSpecSchema } from "@creel/approvals";
import { and, eq, isNull, ne, type Tx, tables } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { type AppliedChange, defineChangeKind, type In, type TakenBack } from "../change/kinds.ts";
import { appliedSince } from "../change/since.ts";
import type { Ctx } from "../context.ts";
import { digestOf } from "../digest.ts";
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
  apply: async (tx, ctx, content, { orgId }) => await write(tx, ctx, orgId, content),
  takeBack,
});

/** With `putBack` neither a name that was taken meanwhile nor a full list keeps a rule from being there again. */
async function write(
  tx: Tx,
  ctx: Ctx,
  orgId: string,
  content: Content,
  { putBack = false } = {},
): Promise<{ policyId: string }> {
  const { policyId, policy } = content;
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
  const named = { orgId, policyId, name: policy.name };
  const taken = await isTaken(tx, named);
  if (taken && !putBack) throw new CreelError("conflict", `Another approval policy is called ${policy.name}.`);
  const after = {
    orgId,
    id: policyId,
    ...policy,
    name: taken ? await freeName(tx, named) : policy.name,
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
    removedAt: null,
  };
  if (before === null && !putBack) await expectRoom(tx, orgId);
  await tx
    .insert(t)
    .values(after)
    // One that was removed by break-glass is there again.
    .onConflictDoUpdate({
      target: [t.orgId, t.id],
      set: { ...policy, name: after.name, updatedAt: now, removedAt: null },
    });
  await audit(tx, ctx, before, after);
  return { policyId };
}

const baseSchema = z.object({ standing: contentSchema.shape.policy });

type Policy = Content["policy"];
const binds = (policy: Policy): boolean => policy?.mode === "enforce";

/**
 * The rule of before, where the one that was applied still stands and none was saved since. One that began to bind goes on, until its
 * end is approved: a rule that bound before bound on all the while, so nothing is loosened by putting that one back.
 */
async function takeBack(
  tx: Tx,
  ctx: Ctx,
  { orgId, id, content, base }: AppliedChange<Content>,
): Promise<TakenBack<Content>> {
  const row = await standing({ tx, orgId }, content.policyId);
  const now = row === null ? null : { name: row.name, mode: row.mode, spec: row.spec };
  if (digestOf(now) !== digestOf(content.policy) || (await appliedSince(tx, { orgId, id })))
    return { how: "left", note: row === null ? "It was removed since." : "It was changed since." };
  const before = baseSchema.parse(base).standing;
  if (before === null && row === null) return { how: "taken_back" };
  if (!binds(before) && binds(content.policy))
    return { how: "narrowed", reopen: { policyId: content.policyId, policy: before }, wrote: false };
  await write(tx, ctx, orgId, { policyId: content.policyId, policy: before }, { putBack: true });
  return { how: "taken_back" };
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

/** The name with the first number that nobody has. */
async function freeName(tx: Tx, of: Named): Promise<string> {
  for (let number = 2; ; number++) {
    const end = ` (${number})`;
    const name = of.name.slice(0, NAME_CHARS_MAX - end.length) + end;
    if (!(await isTaken(tx, { ...of, name }))) return name;
  }
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
