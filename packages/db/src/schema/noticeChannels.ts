import { sql } from "drizzle-orm";
import {
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { createdAt, id, instant, orgId, systemPolicy, tenantPolicy } from "./columns.ts";
import { memberships } from "./memberships.ts";
import { orgs } from "./orgs.ts";
import { teams } from "./teams.ts";

/** Where a person, a team or the whole org is told of what happens. */
export const noticeChannels = pgTable(
  "notice_channels",
  {
    orgId: orgId(),
    id: id(),
    name: text("name").notNull(),
    kind: text("kind").notNull(),
    /** Whose it is; the org's when both are null. */
    userId: uuid("user_id"),
    teamId: uuid("team_id"),
    /** What people see of it: a mail address, or the host of a URL that may itself be a credential. */
    shown: text("shown").notNull(),
    sealedTarget: text("sealed_target").notNull(),
    topics: jsonb("topics").notNull(),
    /** Null tells at once; else what happened is gathered for so many minutes. */
    digestMinutes: integer("digest_minutes"),
    /** Failed tries since the last that went well. */
    failures: integer("failures").notNull().default(0),
    lastSentAt: instant("last_sent_at"),
    lastFailedAt: instant("last_failed_at"),
    lastReason: text("last_reason"),
    pausedAt: instant("paused_at"),
    createdBy: text("created_by").notNull(),
    createdAt: createdAt(),
    removedAt: instant("removed_at"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId], foreignColumns: [orgs.id] }),
    // Who leaves the org is told nothing more.
    foreignKey({ columns: [t.orgId, t.userId], foreignColumns: [memberships.orgId, memberships.userId] }).onDelete(
      "cascade",
    ),
    foreignKey({ columns: [t.orgId, t.teamId], foreignColumns: [teams.orgId, teams.id] }),
    check("notice_channels_at_most_one_owner", sql`num_nonnulls(user_id, team_id) <= 1`),
    tenantPolicy("notice_channels"),
  ],
);

/** One message to one channel: a single notice, or those gathered for a digest. */
export const noticeDeliveries = pgTable(
  "notice_deliveries",
  {
    orgId: orgId(),
    id: id(),
    channelId: uuid("channel_id").notNull(),
    notices: jsonb("notices").notNull(),
    state: text("state").notNull(),
    attempts: integer("attempts").notNull().default(0),
    dueAt: instant("due_at").notNull(),
    claimedUntil: instant("claimed_until"),
    lastReason: text("last_reason"),
    createdAt: createdAt(),
    finishedAt: instant("finished_at"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId, t.channelId], foreignColumns: [noticeChannels.orgId, noticeChannels.id] }).onDelete(
      "cascade",
    ),
    index("notice_deliveries_by_channel").on(t.orgId, t.channelId, t.createdAt),
    index("notice_deliveries_due").on(t.dueAt).where(sql`state = 'waiting'`),
    tenantPolicy("notice_deliveries"),
    systemPolicy("notice_deliveries"),
  ],
);

/** What a person is told in the product itself, whatever channels they have, until they have seen it. */
export const personNotices = pgTable(
  "person_notices",
  {
    orgId: orgId(),
    id: id(),
    userId: uuid("user_id").notNull(),
    topic: text("topic").notNull(),
    title: text("title").notNull(),
    text: text("text").notNull(),
    /** The page to read on, as a path. */
    path: text("path").notNull(),
    createdAt: createdAt(),
    seenAt: instant("seen_at"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId, t.userId], foreignColumns: [memberships.orgId, memberships.userId] }).onDelete(
      "cascade",
    ),
    // Told twice of one thing before they looked, they read it once.
    uniqueIndex("person_notices_unseen").on(t.orgId, t.userId, t.topic, t.path).where(sql`seen_at is null`),
    tenantPolicy("person_notices"),
  ],
);
