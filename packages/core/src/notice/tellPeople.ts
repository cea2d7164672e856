/**
 * Threat: whoever was passed over never hears of it, because they have no channel or did not ask for such news.
 * Invariant: what is told to persons stands in the product until they have seen it, in the transaction of what happened; nobody is
 * told what they may not read.
 */
import { newId, notify, sql, type Tx, tables } from "@creel/db";
import type { Notice } from "@creel/notices/target";
import { type Labels, mayOn } from "../authz/grant.ts";
import { grantsOfMembers } from "../authz/grantsOfMembers.ts";
import type { ResourceKind } from "../authz/roles.ts";
import { postNotice } from "./post.ts";

export interface PersonalNews {
  orgId: string;
  userIds: readonly string[];
  topic: string;
  /** Who may read this kind of thing may be told. */
  kind: ResourceKind;
  labels: readonly Labels[];
  title: string;
  text: string;
  facts?: Notice["facts"] | undefined;
  path: string;
  at: Date;
  /** Also by whatever channels of their own they have, whether or not these ask for the topic. */
  channels: boolean;
  /** It is about these people themselves, so that no right to read is asked. */
  own?: boolean | undefined;
}

const p = tables.personNotices;

/** Tells these persons in the product, and answers who was told. Who left, or may not read of it, is not. */
export async function tellPeople(tx: Tx, news: PersonalNews): Promise<string[]> {
  const { orgId, topic, title, text, path, at } = news;
  const grants = await grantsOfMembers(tx, { orgId, userIds: [...new Set(news.userIds)], now: at });
  const each = news.labels.length === 0 ? [{}] : news.labels;
  const told = [...grants]
    .filter(
      ([, held]) =>
        news.own === true || each.every((labels) => mayOn(held, { action: "read", kind: news.kind, labels })),
    )
    .map(([userId]) => userId)
    .sort();
  if (told.length === 0) return [];
  const said = { topic, title, text, path, createdAt: at };
  await tx
    .insert(p)
    .values(told.map((userId) => ({ orgId, id: newId(at), userId, ...said })))
    .onConflictDoUpdate({
      target: [p.orgId, p.userId, p.topic, p.path],
      targetWhere: sql`seen_at is null`,
      set: { title, text, createdAt: at },
    });
  if (news.channels) await postNotice(tx, { ...news, facts: news.facts ?? [], userIds: told, unasked: true });
  await notify(tx, { orgId, topic: "notices" });
  return told;
}
