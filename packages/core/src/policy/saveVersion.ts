import { and, eq, isNull, notify, type Tx, tables, withOrg } from "@creel/db";
import { POLICY_BYTES_MAX } from "@creel/protocol";
import { z } from "zod";
import { describeActor, recordAudit } from "../audit/record.ts";
import { personOf } from "../context.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { MESSAGE_CHARS_MAX } from "../limits.ts";
import { deliverPlans, makePlans } from "../plan/make.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { judgePolicy } from "./judge.ts";

export const saveVersionInput = z.strictObject({
  policyId: z.uuid(),
  yaml: z.string().max(POLICY_BYTES_MAX),
  baseVersion: z.number().int().positive(),
  message: z.string().max(MESSAGE_CHARS_MAX).default(""),
});

export const saveVersion = defineVerb({
  name: "policy.saveVersion",
  kind: "mutation",
  gate: { by: "person", action: "update", on: "policy" },
  input: saveVersionInput,
  run: async (ctx, input): Promise<{ version: number; digest: string; planIds: string[] }> => {
    const { orgId } = ctx.actor;
    const { policies: p, policyVersions: v } = tables;
    const now = ctx.clock();
    // Before the row is locked: a long text is judged for a moment, and nobody else waits for it.
    const { digest } = judgePolicy(input.yaml, now);
    const saved = await withOrg(ctx.db, orgId, async (tx) => {
      const mine = and(eq(p.orgId, orgId), eq(p.id, input.policyId));
      const policy = first(await tx.select().from(p).where(mine).for("update"));
      if (policy === null) throw notFound();
      // Whoever edited an older text has not seen what came since; their edit must not undo it unseen.
      if (policy.latestVersion !== input.baseVersion)
        throw new CreelError(
          "conflict",
          `Version ${policy.latestVersion} was saved meanwhile. Look at it and make your change again on top of it.`,
          { details: { latestVersion: policy.latestVersion } },
        );
      const before = first(
        await tx
          .select({ digest: v.digest })
          .from(v)
          .where(and(eq(v.orgId, orgId), eq(v.policyId, policy.id), eq(v.version, policy.latestVersion))),
      );
      const version = policy.latestVersion + 1;
      await tx.insert(v).values({
        orgId,
        policyId: policy.id,
        version,
        digest,
        yaml: input.yaml,
        message: input.message,
        author: describeActor(ctx.actor).label,
        authorUserId: personOf(ctx.actor),
        createdAt: now,
      });
      await tx.update(p).set({ latestVersion: version, updatedAt: now }).where(mine);
      await recordAudit(tx, ctx, orgId, {
        action: "policy.saveVersion",
        resource: { kind: "policy", id: policy.id, label: policy.name },
        changes: {
          latestVersion: { from: policy.latestVersion, to: version },
          digest: { from: before?.digest, to: digest },
          ...(input.message === "" ? {} : { message: { to: input.message } }),
        },
      });
      const nodeIds = await nodesUsing(tx, { orgId, policyId: policy.id });
      const planIds = await makePlans(tx, ctx, { orgId, nodeIds, cause: "policy.saveVersion" });
      await notify(tx, { orgId, topic: "policies", id: policy.id });
      return { version, digest, planIds };
    });
    await deliverPlans(ctx, orgId, saved.planIds);
    return saved;
  },
});

async function nodesUsing(tx: Tx, where: { orgId: string; policyId: string }): Promise<string[]> {
  const s = tables.sandboxes;
  const rows = await tx
    .selectDistinct({ nodeId: s.nodeId })
    .from(s)
    .where(and(eq(s.orgId, where.orgId), eq(s.policyId, where.policyId), isNull(s.removedAt)));
  return rows.map((row) => row.nodeId);
}
