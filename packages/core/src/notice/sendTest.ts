import { and, count, eq, gt, isNull, newId, notify, type SQL, sql, tables, withOrg } from "@creel/db";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import type { ApiKeyActor, Ctx, UserActor } from "../context.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { first } from "../stored.ts";
import { TEST_WAIT_MS, TESTS_PER_WAIT_MAX } from "./limits.ts";
import type { StoredNotice } from "./post.ts";

const { noticeChannels: c, noticeDeliveries: d } = tables;

export async function sendTest(
  ctx: Ctx<UserActor | ApiKeyActor>,
  which: SQL | undefined,
  channelId: string,
): Promise<void> {
  const { orgId } = ctx.actor;
  const now = ctx.clock();
  await withOrg(ctx.db, orgId, async (tx) => {
    const mine = and(eq(c.orgId, orgId), eq(c.id, channelId), which, isNull(c.removedAt));
    const before = first(await tx.select().from(c).where(mine).for("update"));
    if (before === null) throw notFound();
    const [tests] = await tx
      .select({ n: count() })
      .from(d)
      .where(
        and(
          eq(d.orgId, orgId),
          eq(d.channelId, channelId),
          gt(d.createdAt, new Date(now.getTime() - TEST_WAIT_MS)),
          sql`${d.notices} -> 0 ->> 'topic' = 'test'`,
        ),
      );
    // A channel's address is proved by nothing, and a test must not become a way to write to strangers.
    if ((tests?.n ?? 0) >= TESTS_PER_WAIT_MAX)
      throw new CreelError("rate_limited", "Tests were sent there a moment ago. Wait a minute, then test again.");
    const after = { ...before, failures: 0, pausedAt: null };
    await tx.update(c).set({ failures: 0, pausedAt: null }).where(mine);
    const id = newId(now);
    const notice: StoredNotice = {
      id,
      topic: "test",
      title: "A test of this channel",
      text: `Asked for by ${describeActor(ctx.actor).label}. Nothing happened.`,
      facts: [],
      path: "/settings/notices",
      at: now.toISOString(),
    };
    const row = { orgId, id, channelId, notices: [notice], state: "waiting", dueAt: now, createdAt: now };
    await tx.insert(d).values(row);
    await notify(tx, { orgId, topic: "notices", id });
    await recordAudit(tx, ctx, orgId, {
      action: "notice.testChannel",
      resource: { kind: "notice", id: channelId, label: before.name },
      changes: changesOf("noticeChannels", before, after),
    });
  });
}
