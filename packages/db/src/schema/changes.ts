import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uuid,
} from "drizzle-orm/pg-core";
import { createdAt, id, instant, orgId, systemPolicy, tenantPolicy } from "./columns.ts";
import { orgs } from "./orgs.ts";

/** What somebody wants to be true, what it stands on, and how far it has come. Rows end and are never deleted. */
export const changes = pgTable(
  "changes",
  {
    orgId: orgId(),
    id: id(),
    kind: text("kind").notNull(),
    /** What it changes, e.g. `policy:<id>`: an applied change makes the others of its subject look at their base again. */
    subject: text("subject").notNull(),
    title: text("title").notNull(),
    message: text("message").notNull(),
    content: jsonb("content").notNull(),
    digest: text("digest").notNull(),
    /** What was there when it was proposed or edited last, and the digest of that. */
    base: jsonb("base").notNull(),
    baseDigest: text("base_digest").notNull(),
    state: text("state").notNull(),
    risk: text("risk").notNull(),
    /** Labels of each thing it touches. */
    touches: jsonb("touches").notNull(),
    authorUserId: uuid("author_user_id"),
    author: text("author").notNull(),
    /** Whoever wrote it could have done it alone, where no approval policy selects it. */
    alone: boolean("alone").notNull().default(false),
    /** Counts edits. */
    revision: integer("revision").notNull(),
    /** The place of the last vote; votes are counted in this order. */
    lastVote: bigint("last_vote", { mode: "number" }).notNull(),
    createdAt: createdAt(),
    updatedAt: instant("updated_at").notNull(),
    expiresAt: instant("expires_at").notNull(),
    /** Not before this instant. */
    applyAt: instant("apply_at"),
    endedAt: instant("ended_at"),
    endedBy: text("ended_by"),
    endedReason: text("ended_reason"),
    result: jsonb("result"),
    /** Policies in mode `evaluate` that would have held it up. */
    wouldBlock: jsonb("would_block"),
    /** When the nodes it concerns were given a plan; null while that is owed. */
    plannedAt: instant("planned_at"),
    /** When those who could give what is missing are reminded next, and the one time after that; null: not any more. */
    remindAt: instant("remind_at"),
    remindLastAt: instant("remind_last_at"),
    remindedAt: instant("reminded_at"),
    remindedBy: text("reminded_by"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId], foreignColumns: [orgs.id] }),
    index("changes_by_state").on(t.orgId, t.state, t.id),
    index("changes_by_subject").on(t.orgId, t.subject, t.state),
    index("changes_waiting").on(t.state, t.expiresAt),
    index("changes_to_remind").on(t.remindAt).where(sql`state = 'open'`),
    tenantPolicy("changes"),
    systemPolicy("changes"),
  ],
);

/** Persons who wrote any of it: its author, whoever edited it, whom it favours. None of them ever counts as its approver. */
export const changeParties = pgTable(
  "change_parties",
  {
    orgId: orgId(),
    changeId: uuid("change_id").notNull(),
    userId: uuid("user_id").notNull(),
    part: text("part").notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.changeId, t.userId, t.part] }),
    foreignKey({ columns: [t.orgId, t.changeId], foreignColumns: [changes.orgId, changes.id] }),
    tenantPolicy("change_parties"),
  ],
);

/** One vote of a person for one digest. Votes for another digest stay as history and count for nothing. */
export const changeVotes = pgTable(
  "change_votes",
  {
    orgId: orgId(),
    changeId: uuid("change_id").notNull(),
    digest: text("digest").notNull(),
    voterId: uuid("voter_id").notNull(),
    voter: text("voter").notNull(),
    verdict: text("verdict").notNull(),
    comment: text("comment").notNull(),
    order: bigint("order", { mode: "number" }).notNull(),
    castAt: instant("cast_at").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.changeId, t.digest, t.voterId] }),
    foreignKey({ columns: [t.orgId, t.changeId], foreignColumns: [changes.orgId, changes.id] }),
    tenantPolicy("change_votes"),
  ],
);

/** What was applied without its approvals, and the look at it afterwards that somebody else owes. */
export const changeReviews = pgTable(
  "change_reviews",
  {
    orgId: orgId(),
    changeId: uuid("change_id").notNull(),
    reason: text("reason").notNull(),
    brokenByUserId: uuid("broken_by_user_id").notNull(),
    brokenBy: text("broken_by").notNull(),
    /** Persons who were passed over. */
    skipped: jsonb("skipped").notNull(),
    openedAt: instant("opened_at").notNull(),
    dueAt: instant("due_at").notNull(),
    closedAt: instant("closed_at"),
    closedByUserId: uuid("closed_by_user_id"),
    closedBy: text("closed_by"),
    verdict: text("verdict"),
    note: text("note"),
    /** When what was applied is taken back, unless somebody else keeps it; null: it was applied before there was such an end. */
    endsAt: instant("ends_at"),
    /**
     * When that was decided: `taken_back`, `kept`, `left` because it could not be taken back any more, with the reason, or `proposed`:
     * what it closed stays closed, and the note is the id of the change that would open it again.
     */
    endedAt: instant("ended_at"),
    endedHow: text("ended_how"),
    endedNote: text("ended_note"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.changeId] }),
    foreignKey({ columns: [t.orgId, t.changeId], foreignColumns: [changes.orgId, changes.id] }),
    index("change_reviews_open").on(t.orgId, t.closedAt),
    index("change_reviews_ending").on(t.endsAt).where(sql`ended_at is null`),
    tenantPolicy("change_reviews"),
    systemPolicy("change_reviews"),
  ],
);
