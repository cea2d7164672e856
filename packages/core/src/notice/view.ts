import type { tables } from "@creel/db";
import { iso, isoOrNull, stored } from "../stored.ts";
import type { NoticeChannelView } from "../views.ts";
import type { NoticeTopic } from "./topics.ts";

type Row = typeof tables.noticeChannels.$inferSelect;

export const toChannelView = (row: Row, waiting: number): NoticeChannelView => ({
  id: row.id,
  name: row.name,
  kind: stored<NoticeChannelView["kind"]>(row.kind),
  owner: row.userId !== null ? "me" : row.teamId !== null ? { teamId: row.teamId } : "org",
  shown: row.shown,
  topics: stored<NoticeTopic[]>(row.topics),
  digestMinutes: row.digestMinutes,
  waiting,
  failures: row.failures,
  lastSentAt: isoOrNull(row.lastSentAt),
  lastFailedAt: isoOrNull(row.lastFailedAt),
  lastReason: row.lastReason,
  pausedAt: isoOrNull(row.pausedAt),
  createdBy: row.createdBy,
  createdAt: iso(row.createdAt),
});
