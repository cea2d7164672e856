import { and, asc, count, eq, inArray, isNotNull, isNull, newId, notify, or, sql, type Tx, tables } from "@creel/db";
import type { Notice } from "@creel/notices/target";
import { type Labels, mayOn } from "../authz/grant.ts";
import { grantsOf } from "../authz/grantsOf.ts";
import type { ResourceKind } from "../authz/roles.ts";
import { NOTICES_PER_DELIVERY_MAX, WAITING_PER_CHANNEL_MAX } from "./limits.ts";

const { noticeChannels: c, noticeDeliveries: d, teams: t } = tables;

/** A notice as it is stored: the page is a path, because where the dashboard lives is the hub's to know. */
export type StoredNotice = Omit<Notice, "link" | "at"> & { path: string; at: string };

export interface News {
  orgId: string;
  topic: string;
  /** Who may read this kind of thing may be told. */
  kind: ResourceKind;
  /** Of each thing it touches; where there is none, it is told to those who may read the whole org's. */
  labels: readonly Labels[];
  title: string;
  text: string;
  facts: Notice["facts"];
  path: string;
  at: Date;
  /** These people alone, beside the channels of teams and of the org; left out, everybody who wants the topic. */
  userIds?: readonly string[] | undefined;
  /** Only by channels of these people which do not want the topic: those that do were told of the audit's row. */
  unasked?: boolean | undefined;
  /** It is about these people themselves, so that no right to read is asked. */
  own?: boolean | undefined;
}

type ChannelRow = typeof c.$inferSelect;

/** Puts news on its way in the transaction of what happened: both, or neither. */
export async function postNotice(tx: Tx, news: News): Promise<void> {
  const { orgId } = news;
  const asked = sql`${c.topics} @> ${JSON.stringify([news.topic])}::jsonb`;
  const wanted = news.unasked === true ? and(isNotNull(c.userId), sql`not (${asked})`) : asked;
  // The channel of a team that was removed belongs to nobody any more: it tells nobody anything.
  const ofSomebody = or(isNull(c.teamId), and(isNotNull(t.id), isNull(t.removedAt)));
  const addressed =
    news.userIds === undefined ? undefined : or(isNull(c.userId), inArray(c.userId, [...news.userIds, NOBODY]));
  const rows = await tx
    .select({ channel: c })
    .from(c)
    .leftJoin(t, and(eq(t.orgId, c.orgId), eq(t.id, c.teamId)))
    .where(and(eq(c.orgId, orgId), isNull(c.removedAt), isNull(c.pausedAt), ofSomebody, wanted, addressed))
    .orderBy(asc(c.id));
  for (const { channel } of rows) if (await mayBeTold(tx, channel, news)) await add(tx, channel, toStored(news));
}

/** `in ()` is no SQL; this id is nobody's. */
const NOBODY = "00000000-0000-0000-0000-000000000000";

const toStored = (news: News): StoredNotice => ({
  id: newId(news.at),
  topic: news.topic,
  title: news.title,
  text: news.text,
  facts: news.facts,
  path: news.path,
  at: news.at.toISOString(),
});

/** A person is told what they may read at that moment and nothing else. */
async function mayBeTold(tx: Tx, channel: ChannelRow, news: News): Promise<boolean> {
  if (channel.userId === null || news.own === true) return true;
  const grants = await grantsOf(tx, { orgId: news.orgId, userId: channel.userId, now: news.at });
  const each = news.labels.length === 0 ? [{}] : news.labels;
  return each.every((labels) => mayOn(grants, { action: "read", kind: news.kind, labels }));
}

async function add(tx: Tx, channel: ChannelRow, notice: StoredNotice): Promise<void> {
  const { orgId } = channel;
  const at = new Date(notice.at);
  if (channel.digestMinutes !== null && (await gather(tx, channel, notice))) return;
  const [has] = await tx
    .select({ n: count() })
    .from(d)
    .where(and(eq(d.orgId, orgId), eq(d.channelId, channel.id), eq(d.state, "waiting")));
  if ((has?.n ?? 0) >= WAITING_PER_CHANNEL_MAX) {
    await tx
      .update(c)
      .set({ lastFailedAt: at, lastReason: `More than ${WAITING_PER_CHANNEL_MAX} notices wait; new ones are dropped.` })
      .where(and(eq(c.orgId, orgId), eq(c.id, channel.id)));
    return;
  }
  const id = newId(at);
  const dueAt = new Date(at.getTime() + (channel.digestMinutes ?? 0) * 60_000);
  const row = { orgId, id, channelId: channel.id, notices: [notice], state: "waiting", dueAt, createdAt: at };
  await tx.insert(d).values(row);
  if (channel.digestMinutes === null) await notify(tx, { orgId, topic: "notices", id });
}

/** Into the digest that gathers already, as long as nobody has begun to send it. */
async function gather(tx: Tx, channel: ChannelRow, notice: StoredNotice): Promise<boolean> {
  const taken = await tx
    .update(d)
    .set({ notices: sql`${d.notices} || ${JSON.stringify([notice])}::jsonb` })
    .where(
      and(
        eq(d.orgId, channel.orgId),
        eq(d.channelId, channel.id),
        eq(d.state, "waiting"),
        eq(d.attempts, 0),
        isNull(d.claimedUntil),
        sql`jsonb_array_length(${d.notices}) < ${NOTICES_PER_DELIVERY_MAX}`,
      ),
    )
    .returning({ id: d.id });
  return taken.length > 0;
}
