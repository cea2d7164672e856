import { foreignKey, index, pgTable, primaryKey, text, unique, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, instant, orgId, systemPolicy, tenantPolicy } from "./columns.ts";
import { identityProviders } from "./identityProviders.ts";
import { memberships } from "./memberships.ts";

/** Sign-ins, on the server's side, so that ending one elsewhere is immediate. */
export const sessions = pgTable(
  "sessions",
  {
    orgId: orgId(),
    id: id(),
    userId: uuid("user_id").notNull(),
    /** SHA-256 of a 256-bit random token. */
    tokenHash: text("token_hash").notNull(),
    userAgent: text("user_agent"),
    source: text("source"),
    createdAt: createdAt(),
    lastUsedAt: instant("last_used_at").notNull(),
    expiresAt: instant("expires_at").notNull(),
    revokedAt: instant("revoked_at"),
    /** When the person last proved to be who they are, with every factor they have. */
    provedAt: instant("proved_at"),
    /** The org's provider that said who it is; null where a password did. */
    identityProviderId: uuid("identity_provider_id"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    // Who leaves an org takes their sessions of it along; the audit row says how many they were.
    foreignKey({
      columns: [t.orgId, t.userId],
      foreignColumns: [memberships.orgId, memberships.userId],
    }).onDelete("cascade"),
    foreignKey({
      columns: [t.orgId, t.identityProviderId],
      foreignColumns: [identityProviders.orgId, identityProviders.id],
    }),
    unique("sessions_token_hash").on(t.tokenHash),
    index("sessions_by_user").on(t.orgId, t.userId),
    tenantPolicy("sessions"),
    systemPolicy("sessions"),
  ],
);
