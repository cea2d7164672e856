import { sql } from "drizzle-orm";
import {
  bigint,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  unique,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { createdAt, id, instant, labels, orgId, tenantPolicy } from "./columns.ts";
import { nodes } from "./nodes.ts";
import { policies } from "./policies.ts";

/** Removed ones stay as rows: their decisions outlive them and a node may still report the last of those. */
export const sandboxes = pgTable(
  "sandboxes",
  {
    orgId: orgId(),
    id: id(),
    name: text("name").notNull(),
    /** Its node's labels count as well, and before these. */
    labels: labels(),
    nodeId: uuid("node_id").notNull(),
    policyId: uuid("policy_id").notNull(),
    desiredState: text("desired_state").notNull(),
    /** How it ends when it is no longer to run: `grace` or `kill`. */
    endBy: text("end_by").notNull().default("grace"),
    /** How often it was let out of a quarantine. */
    releases: integer("releases").notNull().default(0),
    /** Who put it under quarantine or killed it last, why and when. */
    hold: jsonb("hold"),
    incarnation: integer("incarnation").notNull().default(0),
    agent: jsonb("agent").notNull(),
    restart: jsonb("restart").notNull(),
    limits: jsonb("limits").notNull(),
    status: jsonb("status"),
    /** Bytes of output received so far: where the next piece of the log begins. */
    logEnd: bigint("log_end", { mode: "number" }).notNull().default(0),
    createdAt: createdAt(),
    removedAt: instant("removed_at"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId, t.nodeId], foreignColumns: [nodes.orgId, nodes.id] }),
    foreignKey({ columns: [t.orgId, t.policyId], foreignColumns: [policies.orgId, policies.id] }),
    uniqueIndex("sandboxes_name").on(t.orgId, t.name).where(sql`removed_at is null`),
    index("sandboxes_by_node").on(t.orgId, t.nodeId),
    index("sandboxes_by_policy").on(t.orgId, t.policyId),
    tenantPolicy("sandboxes"),
  ],
);

export const sandboxLogs = pgTable(
  "sandbox_logs",
  {
    orgId: orgId(),
    sandboxId: uuid("sandbox_id").notNull(),
    endOffset: bigint("end_offset", { mode: "number" }).notNull(),
    incarnation: integer("incarnation").notNull(),
    /** Where the piece begins in the node's file; a piece sent twice is kept once. */
    sourceOffset: bigint("source_offset", { mode: "number" }).notNull(),
    data: text("data").notNull(),
    dropped: integer("dropped").notNull(),
    at: instant("at").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.sandboxId, t.endOffset] }),
    foreignKey({ columns: [t.orgId, t.sandboxId], foreignColumns: [sandboxes.orgId, sandboxes.id] }),
    unique("sandbox_logs_source").on(t.orgId, t.sandboxId, t.incarnation, t.sourceOffset),
    tenantPolicy("sandbox_logs"),
  ],
);
