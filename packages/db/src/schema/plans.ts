import { foreignKey, index, integer, jsonb, pgTable, primaryKey, text, unique, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, instant, orgId, systemPolicy, tenantPolicy } from "./columns.ts";
import { nodes } from "./nodes.ts";
import { sandboxes } from "./sandboxes.ts";

/** What one node should run, immutable but for its delivery state. */
export const plans = pgTable(
  "plans",
  {
    orgId: orgId(),
    id: id(),
    nodeId: uuid("node_id").notNull(),
    generation: integer("generation").notNull(),
    parent: integer("parent").notNull(),
    state: text("state").notNull(),
    /** The action that made it, e.g. `policy.saveVersion`. */
    cause: text("cause").notNull(),
    reason: text("reason"),
    digest: text("digest").notNull(),
    content: jsonb("content").notNull(),
    claimedBy: text("claimed_by"),
    claimedUntil: instant("claimed_until"),
    createdAt: createdAt(),
    sentAt: instant("sent_at"),
    finishedAt: instant("finished_at"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId, t.nodeId], foreignColumns: [nodes.orgId, nodes.id] }),
    unique("plans_generation").on(t.orgId, t.nodeId, t.generation),
    index("plans_by_state").on(t.state, t.createdAt),
    tenantPolicy("plans"),
    systemPolicy("plans"),
  ],
);

export const commands = pgTable(
  "commands",
  {
    orgId: orgId(),
    id: id(),
    nodeId: uuid("node_id").notNull(),
    sandboxId: uuid("sandbox_id").notNull(),
    state: text("state").notNull(),
    request: jsonb("request").notNull(),
    result: jsonb("result"),
    createdBy: text("created_by").notNull(),
    createdAt: createdAt(),
    expiresAt: instant("expires_at").notNull(),
    finishedAt: instant("finished_at"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId, t.nodeId], foreignColumns: [nodes.orgId, nodes.id] }),
    foreignKey({ columns: [t.orgId, t.sandboxId], foreignColumns: [sandboxes.orgId, sandboxes.id] }),
    index("commands_by_node").on(t.orgId, t.nodeId, t.state),
    index("commands_by_state").on(t.state, t.expiresAt),
    tenantPolicy("commands"),
    systemPolicy("commands"),
  ],
);
