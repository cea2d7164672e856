import { and, eq, isNull, lt, notify, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import { notFound } from "../errors/errors.ts";
import { deliverPlans, makePlans } from "../plan/make.ts";
import { defineVerb } from "../verb.ts";
import type { SecretView } from "../views.ts";
import { nodesOfSecret } from "./bound.ts";
import { sealValue } from "./envelope.ts";
import { OVERLAP_MINUTES_DEFAULT, OVERLAP_MINUTES_MAX, valueSchema } from "./limits.ts";
import { EMPTY, lockSecret } from "./row.ts";
import { secretViews } from "./view.ts";

export const rotateInput = z.strictObject({
  secretId: z.uuid(),
  value: valueSchema,
  /** How long the value before stays known, so that it is still taken out of answers; 0 ends it at once. */
  overlapMinutes: z.number().int().min(0).max(OVERLAP_MINUTES_MAX).default(OVERLAP_MINUTES_DEFAULT),
});

const MINUTE_MS = 60_000;

/** A new value in the place of the old one, on every node that uses it, without a restart. */
export const rotate = defineVerb({
  name: "secret.rotate",
  kind: "mutation",
  gate: { by: "person", action: "update", on: "secret" },
  proof: true,
  input: rotateInput,
  run: async (ctx, { secretId, value, overlapMinutes }): Promise<SecretView> => {
    const { orgId } = ctx.actor;
    const { secrets: t, secretVersions: v } = tables;
    const now = ctx.clock();
    const done = await withOrg(ctx.db, orgId, async (tx) => {
      const before = await lockSecret(tx, { orgId, secretId });
      const version = before.latestVersion + 1;
      const after = { ...before, latestVersion: version, updatedAt: now };
      const envelope = await sealValue(ctx.seal.kms, value, { orgId, secretId, version });
      const createdBy = describeActor(ctx.actor).label;
      await tx.insert(v).values({ orgId, secretId, version, createdBy, createdAt: now, ...envelope });
      const older = and(eq(v.orgId, orgId), eq(v.secretId, secretId), lt(v.version, version), isNull(v.endedAt));
      const endsAt = new Date(now.getTime() + overlapMinutes * MINUTE_MS);
      await tx
        .update(v)
        .set(overlapMinutes === 0 ? { endsAt: now, endedAt: now, ...EMPTY } : { endsAt })
        .where(overlapMinutes === 0 ? older : and(older, isNull(v.endsAt)));
      await tx
        .update(t)
        .set({ latestVersion: version, updatedAt: now })
        .where(and(eq(t.orgId, orgId), eq(t.id, secretId)));
      await recordAudit(tx, ctx, orgId, {
        action: "secret.rotate",
        resource: { kind: "secret", id: secretId, label: before.name },
        changes: { ...changesOf("secrets", before, after), value: {}, overlapMinutes: { to: overlapMinutes } },
      });
      const nodeIds = await nodesOfSecret(tx, { orgId, secretId });
      const planIds = await makePlans(tx, ctx, { orgId, nodeIds, cause: "secret.rotate" });
      await notify(tx, { orgId, topic: "secrets", id: secretId });
      const [view] = await secretViews(tx, { orgId, secretId });
      if (view === undefined) throw notFound();
      return { view, planIds };
    });
    await deliverPlans(ctx, orgId, done.planIds);
    return done.view;
  },
});
