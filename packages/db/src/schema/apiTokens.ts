import { foreignKey, pgTable, primaryKey, text, unique } from "drizzle-orm/pg-core";
import { createdAt, id, instant, orgId, systemPolicy, tenantPolicy } from "./columns.ts";
import { orgs } from "./orgs.ts";

export const apiTokens = pgTable(
  "api_tokens",
  {
    orgId: orgId(),
    id: id(),
    name: text("name").notNull(),
    role: text("role").notNull(),
    /** The public part; shown in lists and in audit rows. */
    prefix: text("prefix").notNull(),
    tokenHash: text("token_hash").notNull(),
    createdBy: text("created_by").notNull(),
    createdAt: createdAt(),
    lastUsedAt: instant("last_used_at"),
    expiresAt: instant("expires_at"),
    revokedAt: instant("revoked_at"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId], foreignColumns: [orgs.id] }),
    unique("api_tokens_token_hash").on(t.tokenHash),
    tenantPolicy("api_tokens"),
    systemPolicy("api_tokens"),
  ],
);
