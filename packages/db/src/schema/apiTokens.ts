import { sql } from "drizzle-orm";
import { boolean, check, foreignKey, index, jsonb, pgTable, primaryKey, text, unique, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, instant, orgId, systemPolicy, tenantPolicy } from "./columns.ts";
import { orgs } from "./orgs.ts";
import { serviceAccounts } from "./serviceAccounts.ts";
import { users } from "./users.ts";

/** A key may do what its owner may at that moment, and of that only what the key itself names. */
export const apiTokens = pgTable(
  "api_tokens",
  {
    orgId: orgId(),
    id: id(),
    name: text("name").notNull(),
    /** Whose it is: a person, or a service account. */
    ownerUserId: uuid("owner_user_id"),
    ownerServiceAccountId: uuid("owner_service_account_id"),
    /** At most what this built-in role may; null when `permissions` says it. */
    role: text("role"),
    /** At most these, `kind:action` each; null when `role` says it. */
    permissions: jsonb("permissions"),
    /** At most over things with these labels; null leaves that to the owner's grants. */
    scope: jsonb("scope"),
    /** The public part; shown in lists and in audit rows. */
    prefix: text("prefix").notNull(),
    tokenHash: text("token_hash").notNull(),
    /** The key in whose place this one was made. */
    rotatedFrom: uuid("rotated_from"),
    /** The first of those that were made in each other's place: one for all of them, and itself for a key that was made as a new one. */
    kinId: uuid("kin_id").notNull(),
    /** `kinId` of whatever made it, of whatever made that, and so on: with any of those it ends. */
    makerKinIds: uuid("maker_kin_ids").array().notNull().default(sql`'{}'::uuid[]`),
    /** Made for a command line that its person signed in: it ends with their sign-ins. */
    isLogin: boolean("is_login").notNull().default(false),
    createdBy: text("created_by").notNull(),
    createdAt: createdAt(),
    lastUsedAt: instant("last_used_at"),
    expiresAt: instant("expires_at"),
    revokedAt: instant("revoked_at"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId], foreignColumns: [orgs.id] }),
    foreignKey({ columns: [t.ownerUserId], foreignColumns: [users.id] }),
    foreignKey({
      columns: [t.orgId, t.ownerServiceAccountId],
      foreignColumns: [serviceAccounts.orgId, serviceAccounts.id],
    }),
    check("api_tokens_one_owner", sql`num_nonnulls(owner_user_id, owner_service_account_id) = 1`),
    check("api_tokens_one_bound", sql`num_nonnulls(role, permissions) = 1`),
    unique("api_tokens_token_hash").on(t.tokenHash),
    /** Those that work, so that the dead ones, which stay for good, cost nobody anything. */
    index("api_tokens_working").on(t.orgId, t.expiresAt).where(sql`revoked_at is null`),
    index("api_tokens_by_owner").on(t.orgId, t.ownerUserId, t.id),
    tenantPolicy("api_tokens"),
    systemPolicy("api_tokens"),
  ],
);
