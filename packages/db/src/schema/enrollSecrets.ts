import { foreignKey, pgTable, primaryKey, text, unique, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, instant, labels, orgId, systemPolicy, tenantPolicy } from "./columns.ts";
import { nodes } from "./nodes.ts";
import { orgs } from "./orgs.ts";

export const enrollSecrets = pgTable(
  "enroll_secrets",
  {
    orgId: orgId(),
    id: id(),
    secretHash: text("secret_hash").notNull(),
    /** The only name the node may take; any when null. */
    nodeName: text("node_name"),
    /** What the node is labelled with when it joins. */
    labels: labels(),
    createdBy: text("created_by").notNull(),
    createdAt: createdAt(),
    expiresAt: instant("expires_at").notNull(),
    /** Set by compare-and-set: whoever changes it from null has the secret. */
    usedAt: instant("used_at"),
    nodeId: uuid("node_id"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId], foreignColumns: [orgs.id] }),
    foreignKey({ columns: [t.orgId, t.nodeId], foreignColumns: [nodes.orgId, nodes.id] }),
    unique("enroll_secrets_secret_hash").on(t.secretHash),
    tenantPolicy("enroll_secrets"),
    systemPolicy("enroll_secrets"),
  ],
);
