import { sql } from "drizzle-orm";
import { boolean, foreignKey, integer, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { id, instant, labels, orgId, tenantPolicy } from "./columns.ts";
import { orgs } from "./orgs.ts";

export const nodes = pgTable(
  "nodes",
  {
    orgId: orgId(),
    id: id(),
    name: text("name").notNull(),
    labels: labels(),
    state: text("state").notNull(),
    connected: boolean("connected").notNull().default(false),
    lastSeenAt: instant("last_seen_at"),
    agentVersion: text("agent_version"),
    capabilities: jsonb("capabilities"),
    model: jsonb("model"),
    generation: integer("generation").notNull().default(0),
    desiredGeneration: integer("desired_generation").notNull().default(0),
    /** SHA-256 of the public key made on the node; every certificate of this node carries that key. */
    publicKeyHash: text("public_key_hash").notNull(),
    certificateExpiresAt: instant("certificate_expires_at"),
    enrolledAt: instant("enrolled_at").notNull(),
    revokedAt: instant("revoked_at"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId], foreignColumns: [orgs.id] }),
    uniqueIndex("nodes_name").on(t.orgId, t.name).where(sql`revoked_at is null`),
    tenantPolicy("nodes"),
  ],
);
