import {
  bigint,
  doublePrecision,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uuid,
} from "drizzle-orm/pg-core";
import { instant, orgId, tenantPolicy } from "./columns.ts";
import { nodes } from "./nodes.ts";
import { orgs } from "./orgs.ts";
import { sandboxes } from "./sandboxes.ts";

/**
 * Partitioned by month on `time` (the migration adds that; the generator cannot). The key is what makes storing exactly
 * once possible: a journal line sent again is the same line, instant included.
 */
export const decisions = pgTable(
  "decisions",
  {
    orgId: orgId(),
    nodeId: uuid("node_id").notNull(),
    boot: uuid("boot").notNull(),
    seq: bigint("seq", { mode: "number" }).notNull(),
    time: instant("time").notNull(),
    cursor: bigint("cursor", { mode: "number" }).notNull(),
    sandboxId: uuid("sandbox_id").notNull(),
    kind: text("kind").notNull(),
    binary: jsonb("binary"),
    host: text("host").notNull(),
    port: integer("port").notNull(),
    protocol: text("protocol").notNull(),
    method: text("method"),
    path: text("path"),
    decision: text("decision").notNull(),
    rule: text("rule"),
    reason: text("reason").notNull(),
    policyDigest: text("policy_digest").notNull(),
    generation: integer("generation").notNull(),
    bytesIn: bigint("bytes_in", { mode: "number" }).notNull(),
    bytesOut: bigint("bytes_out", { mode: "number" }).notNull(),
    durationMs: doublePrecision("duration_ms").notNull(),
    /** Names of the credentials the request carried; null where it carried none. */
    credentials: jsonb("credentials"),
    /** Of a denied request: which group of like ones it belongs to; null where it belongs to none. */
    groupKey: text("group_key"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.nodeId, t.boot, t.seq, t.time] }),
    foreignKey({ columns: [t.orgId, t.nodeId], foreignColumns: [nodes.orgId, nodes.id] }),
    foreignKey({ columns: [t.orgId, t.sandboxId], foreignColumns: [sandboxes.orgId, sandboxes.id] }),
    index("decisions_by_cursor").on(t.orgId, t.cursor),
    index("decisions_by_sandbox").on(t.orgId, t.sandboxId, t.cursor),
    tenantPolicy("decisions"),
  ],
);

/** The last cursor given out in each org. */
export const decisionCursors = pgTable(
  "decision_cursors",
  { orgId: orgId(), value: bigint("value", { mode: "number" }).notNull() },
  (t) => [
    primaryKey({ columns: [t.orgId] }),
    foreignKey({ columns: [t.orgId], foreignColumns: [orgs.id] }),
    tenantPolicy("decision_cursors"),
  ],
);
