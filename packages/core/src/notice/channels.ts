import { and, asc, count, eq, isNull, newId, type SQL, tables, withOrg } from "@creel/db";
import type { Channel } from "@creel/notices/target";
import { z } from "zod";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import type { ApiKeyActor, Ctx, UserActor } from "../context.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { visibleNameSchema } from "../limits.ts";
import { first } from "../stored.ts";
import type { NoticeChannelView } from "../views.ts";
import { CHANNELS_PER_OWNER_MAX, DIGEST_MINUTES_MAX } from "./limits.ts";
import { readTarget, sealTarget, targetInput } from "./target.ts";
import { noticeTopics } from "./topics.ts";
import { toChannelView } from "./view.ts";

/** A line of a table and of a mail. */
const CHANNEL_NAME_CHARS_MAX = 64;

const { noticeChannels: c, noticeDeliveries: d } = tables;
type MemberCtx = Ctx<UserActor | ApiKeyActor>;
/** Whose a channel is. A person's is nobody else's affair; a team's and the org's need the right to manage notices. */
export type Owner = { userId: string } | { teamId: string } | { org: true };

export const channelFields = {
  name: visibleNameSchema(CHANNEL_NAME_CHARS_MAX),
  target: targetInput,
  topics: z.array(z.enum(noticeTopics)).min(1).max(noticeTopics.length),
  /** Gathers what happens for so many minutes; left out, it is told at once. */
  digestMinutes: z.number().int().min(5).max(DIGEST_MINUTES_MAX).optional(),
};
const fields = z.strictObject(channelFields);
export const channelIdInput = z.strictObject({ channelId: z.uuid() });

export const ownedBy = (owner: Owner): SQL | undefined => {
  if ("userId" in owner) return eq(c.userId, owner.userId);
  return "teamId" in owner ? eq(c.teamId, owner.teamId) : and(isNull(c.userId), isNull(c.teamId));
};

/** The signing secret of a webhook is shown this once. */
export interface MadeChannel {
  channel: NoticeChannelView;
  secret: string | null;
}

export async function makeChannel(ctx: MemberCtx, owner: Owner, input: z.output<typeof fields>): Promise<MadeChannel> {
  const { orgId } = ctx.actor;
  const now = ctx.clock();
  const { channel, shown } = readTarget(input.target, ctx.noticeHosts ?? []);
  const id = newId(now);
  const row = {
    orgId,
    id,
    name: input.name,
    kind: channel.kind,
    userId: "userId" in owner ? owner.userId : null,
    teamId: "teamId" in owner ? owner.teamId : null,
    shown,
    sealedTarget: await sealTarget(ctx.seal, { orgId, id }, channel),
    topics: [...new Set(input.topics)],
    digestMinutes: input.digestMinutes ?? null,
    createdBy: describeActor(ctx.actor).label,
    createdAt: now,
  };
  return await withOrg(ctx.db, orgId, async (tx) => {
    if ("teamId" in owner) {
      const { teams } = tables;
      const team = await tx
        .select({ id: teams.id })
        .from(teams)
        .where(and(eq(teams.orgId, orgId), eq(teams.id, owner.teamId), isNull(teams.removedAt)));
      if (team.length === 0) throw notFound();
    }
    const [has] = await tx
      .select({ n: count() })
      .from(c)
      .where(and(eq(c.orgId, orgId), ownedBy(owner), isNull(c.removedAt)));
    if ((has?.n ?? 0) >= CHANNELS_PER_OWNER_MAX)
      throw new CreelError("conflict", `There are ${CHANNELS_PER_OWNER_MAX} channels already. Remove one first.`);
    const made = first(await tx.insert(c).values(row).returning());
    if (made === null) throw new Error("an insert answered no row");
    await recordAudit(tx, ctx, orgId, {
      action: "notice.createChannel",
      resource: { kind: "notice", id, label: row.name },
      changes: changesOf("noticeChannels", null, made),
    });
    return { channel: toChannelView(made, 0), secret: secretOf(channel) };
  });
}

const secretOf = (channel: Channel): string | null => (channel.kind === "webhook" ? channel.secret : null);

export async function listChannels(ctx: MemberCtx, which: SQL | undefined): Promise<{ items: NoticeChannelView[] }> {
  const { orgId } = ctx.actor;
  return await withOrg(ctx.db, orgId, async (tx) => {
    const rows = await tx
      .select()
      .from(c)
      .where(and(eq(c.orgId, orgId), which, isNull(c.removedAt)))
      .orderBy(asc(c.createdAt), asc(c.id));
    const waiting = await tx
      .select({ channelId: d.channelId, n: count() })
      .from(d)
      .where(and(eq(d.orgId, orgId), eq(d.state, "waiting")))
      .groupBy(d.channelId);
    const of = new Map(waiting.map((row) => [row.channelId, row.n]));
    return { items: rows.map((row) => toChannelView(row, of.get(row.id) ?? 0)) };
  });
}

export async function removeChannel(ctx: MemberCtx, which: SQL | undefined, channelId: string): Promise<void> {
  const { orgId } = ctx.actor;
  const now = ctx.clock();
  await withOrg(ctx.db, orgId, async (tx) => {
    const removed = first(
      await tx
        .update(c)
        .set({ removedAt: now })
        .where(and(eq(c.orgId, orgId), eq(c.id, channelId), which, isNull(c.removedAt)))
        .returning(),
    );
    if (removed === null) throw notFound();
    // Nothing more goes there, also nothing that waits.
    await tx.delete(d).where(and(eq(d.orgId, orgId), eq(d.channelId, channelId), eq(d.state, "waiting")));
    await recordAudit(tx, ctx, orgId, {
      action: "notice.removeChannel",
      resource: { kind: "notice", id: channelId, label: removed.name },
      changes: changesOf("noticeChannels", { ...removed, removedAt: null }, removed),
    });
  });
}
