import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  foreignKey,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { createdAt, id, instant, orgId, tenantPolicy } from "./columns.ts";
import { orgs } from "./orgs.ts";
import { sandboxes } from "./sandboxes.ts";

/** What one sandbox may reach for a while beside its policy. Never changed but by its early end; its time ends it everywhere. */
export const egressExceptions = pgTable(
  "egress_exceptions",
  {
    orgId: orgId(),
    id: id(),
    sandboxId: uuid("sandbox_id").notNull(),
    changeId: uuid("change_id").notNull(),
    binary: text("binary").notNull(),
    sha256: text("sha256"),
    host: text("host").notNull(),
    port: integer("port").notNull(),
    method: text("method"),
    path: text("path"),
    once: boolean("once").notNull(),
    reason: text("reason").notNull(),
    grantedBy: text("granted_by").notNull(),
    createdAt: createdAt(),
    until: instant("until").notNull(),
    endedAt: instant("ended_at"),
    endedBy: text("ended_by"),
    /** As the node's journal says. */
    firstUsedAt: instant("first_used_at"),
    lastUsedAt: instant("last_used_at"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId, t.sandboxId], foreignColumns: [sandboxes.orgId, sandboxes.id] }),
    index("egress_exceptions_by_sandbox").on(t.orgId, t.sandboxId, t.until),
    tenantPolicy("egress_exceptions"),
  ],
);

/** What was done about a group of denied requests; the newest that has not been undone counts. */
export const inboxMarks = pgTable(
  "inbox_marks",
  {
    orgId: orgId(),
    id: id(),
    /** Of host, port, program, method and path pattern. */
    groupKey: text("group_key").notNull(),
    /** Of which sandbox alone; null for the group wherever it was asked. */
    sandboxId: uuid("sandbox_id"),
    /** `dismissed`: for good. `handled`: until it is denied again. */
    kind: text("kind").notNull(),
    reason: text("reason").notNull(),
    by: text("by").notNull(),
    at: instant("at").notNull(),
    /** The org's newest decision then: what is stored later was seen by nobody, whatever time its node gave it. Null in marks of before. */
    cursor: bigint("cursor", { mode: "number" }),
    endedAt: instant("ended_at"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId], foreignColumns: [orgs.id] }),
    foreignKey({ columns: [t.orgId, t.sandboxId], foreignColumns: [sandboxes.orgId, sandboxes.id] }),
    uniqueIndex("inbox_marks_in_force").on(t.orgId, t.groupKey).where(sql`ended_at is null and sandbox_id is null`),
    uniqueIndex("inbox_marks_of_sandbox")
      .on(t.orgId, t.groupKey, t.sandboxId)
      .where(sql`ended_at is null and sandbox_id is not null`),
    tenantPolicy("inbox_marks"),
  ],
);

/** What agents asked for, in their words. */
export const agentRequests = pgTable(
  "agent_requests",
  {
    orgId: orgId(),
    id: id(),
    sandboxId: uuid("sandbox_id").notNull(),
    binary: text("binary").notNull(),
    sha256: text("sha256"),
    host: text("host").notNull(),
    port: integer("port").notNull(),
    method: text("method"),
    path: text("path"),
    /** A claim of the agent. */
    reason: text("reason").notNull(),
    state: text("state").notNull(),
    /** What people answered. */
    answer: text("answer").notNull().default(""),
    askedAt: instant("asked_at").notNull(),
    decidedAt: instant("decided_at"),
    decidedBy: text("decided_by"),
    changeId: uuid("change_id"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId, t.sandboxId], foreignColumns: [sandboxes.orgId, sandboxes.id] }),
    index("agent_requests_by_sandbox").on(t.orgId, t.sandboxId, t.askedAt),
    index("agent_requests_by_state").on(t.orgId, t.state, t.askedAt),
    tenantPolicy("agent_requests"),
  ],
);
