import { and, eq, isNull, lt, ne, sql, type Tx, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { ownersOf } from "../authz/owners.ts";
import type { Ctx, SystemActor } from "../context.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { FAILURES_UNTIL_PAUSED, KEEP_MS, RETRY_WAITS_MS } from "./limits.ts";
import { tellPeople } from "./tellPeople.ts";

const REASON_CHARS_MAX = 500;

export const recordOutcomeInput = z.strictObject({
  orgId: z.uuid(),
  deliveryId: z.uuid(),
  outcome: z.discriminatedUnion("sent", [
    z.strictObject({ sent: z.literal(true) }),
    z.strictObject({
      sent: z.literal(false),
      reason: z.string().max(REASON_CHARS_MAX),
      permanent: z.boolean(),
      retryAfterMs: z.number().nonnegative().nullable(),
    }),
  ]),
});
type Input = z.output<typeof recordOutcomeInput>;

/** What became of one try: done, another try later, or given up. A channel that fails again and again is paused, on record. */
export const recordOutcome = defineVerb({
  name: "notice.recordOutcome",
  kind: "mutation",
  gate: { by: "system" },
  input: recordOutcomeInput,
  run: async (ctx, input): Promise<void> => {
    const { noticeDeliveries: d } = tables;
    const { orgId } = input;
    const now = ctx.clock();
    await withOrg(ctx.db, orgId, async (tx) => {
      const delivery = first(
        await tx
          .select({ channelId: d.channelId, attempts: d.attempts })
          .from(d)
          .where(and(eq(d.orgId, orgId), eq(d.id, input.deliveryId), eq(d.state, "waiting")))
          .for("update"),
      );
      if (delivery === null) return;
      const gaveUp = await settle(tx, delivery, input, now);
      await recordHealth(tx, ctx, { orgId, channelId: delivery.channelId, outcome: input.outcome, gaveUp, now });
      const old = new Date(now.getTime() - KEEP_MS);
      await tx
        .delete(d)
        .where(
          and(eq(d.orgId, orgId), eq(d.channelId, delivery.channelId), ne(d.state, "waiting"), lt(d.finishedAt, old)),
        );
    });
  },
});

/** True when nobody will try this delivery again. */
async function settle(tx: Tx, delivery: { attempts: number }, input: Input, now: Date): Promise<boolean> {
  const { noticeDeliveries: d } = tables;
  const { orgId, deliveryId, outcome } = input;
  const attempts = delivery.attempts + 1;
  const which = and(eq(d.orgId, orgId), eq(d.id, deliveryId));
  const ended = { attempts, claimedUntil: null, finishedAt: now };
  if (outcome.sent) {
    await tx
      .update(d)
      .set({ ...ended, state: "sent", lastReason: null })
      .where(which);
    return false;
  }
  const wait = RETRY_WAITS_MS[delivery.attempts];
  if (outcome.permanent || wait === undefined) {
    await tx
      .update(d)
      .set({ ...ended, state: "failed", lastReason: outcome.reason })
      .where(which);
    return true;
  }
  const dueAt = new Date(now.getTime() + Math.max(wait, outcome.retryAfterMs ?? 0));
  await tx.update(d).set({ attempts, claimedUntil: null, dueAt, lastReason: outcome.reason }).where(which);
  return false;
}

async function recordHealth(
  tx: Tx,
  ctx: Ctx<SystemActor>,
  at: { orgId: string; channelId: string; outcome: Input["outcome"]; gaveUp: boolean; now: Date },
): Promise<void> {
  const { noticeChannels: c } = tables;
  const { orgId, channelId, outcome, now } = at;
  const which = and(eq(c.orgId, orgId), eq(c.id, channelId));
  if (outcome.sent) {
    await tx.update(c).set({ failures: 0, lastSentAt: now }).where(which);
    return;
  }
  const failed = { lastFailedAt: now, lastReason: outcome.reason };
  if (!at.gaveUp) {
    await tx.update(c).set(failed).where(which);
    return;
  }
  await tx
    .update(c)
    .set({ ...failed, failures: sql`${c.failures} + 1` })
    .where(which);
  const paused = first(
    await tx
      .update(c)
      .set({ pausedAt: now })
      .where(and(which, isNull(c.pausedAt), sql`${c.failures} >= ${FAILURES_UNTIL_PAUSED}`))
      .returning({ name: c.name, userId: c.userId }),
  );
  if (paused !== null)
    await recordAudit(tx, ctx, orgId, {
      action: "notice.channelPaused",
      resource: { kind: "notice", id: channelId, label: paused.name },
      changes: { pausedAt: { to: now.toISOString() }, reason: { to: outcome.reason } },
    });
  if (paused !== null) await tellPaused(tx, { orgId, channelId, ...paused, reason: outcome.reason, now });
}

/** A channel that is silent says nothing of its silence: its person is told in the product, and owners of one that is the org's. */
async function tellPaused(
  tx: Tx,
  of: { orgId: string; channelId: string; name: string; userId: string | null; reason: string; now: Date },
): Promise<void> {
  const { orgId, name, userId, reason, now } = of;
  await tellPeople(tx, {
    orgId,
    userIds: userId === null ? await ownersOf(tx, { orgId, now }) : [userId],
    topic: "notice.channelPaused",
    kind: "notice",
    labels: [],
    title: `The channel ${name} is paused`,
    text: `It failed again and again, and tells nobody anything: ${reason}`,
    path: "/settings/notices",
    at: now,
    channels: false,
    own: true,
  });
}
