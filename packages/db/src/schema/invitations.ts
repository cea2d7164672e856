import { sql } from "drizzle-orm";
import { check, foreignKey, index, jsonb, pgTable, primaryKey, text, unique, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, instant, orgId, systemPolicy, tenantPolicy } from "./columns.ts";
import { orgs } from "./orgs.ts";
import { customRoles } from "./roleGrants.ts";
import { teams } from "./teams.ts";

/** A link that makes one person a member, once. */
export const invitations = pgTable(
  "invitations",
  {
    orgId: orgId(),
    id: id(),
    /** Lower case; the only address that may use it. */
    email: text("email").notNull(),
    /** SHA-256 of a 256-bit random token. */
    tokenHash: text("token_hash").notNull(),
    /** What the person is granted with it: a built-in role, or one of the org's own; neither when the team gives it. */
    role: text("role"),
    customRoleId: uuid("custom_role_id"),
    scope: jsonb("scope"),
    teamId: uuid("team_id"),
    invitedBy: text("invited_by").notNull(),
    invitedByUserId: uuid("invited_by_user_id"),
    createdAt: createdAt(),
    expiresAt: instant("expires_at").notNull(),
    /** Set by compare-and-set: whoever changes it from null has the invitation. */
    usedAt: instant("used_at"),
    revokedAt: instant("revoked_at"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId], foreignColumns: [orgs.id] }),
    foreignKey({ columns: [t.orgId, t.customRoleId], foreignColumns: [customRoles.orgId, customRoles.id] }),
    foreignKey({ columns: [t.orgId, t.teamId], foreignColumns: [teams.orgId, teams.id] }),
    check("invitations_one_role", sql`num_nonnulls(role, custom_role_id) <= 1`),
    unique("invitations_token_hash").on(t.tokenHash),
    index("invitations_by_email").on(t.orgId, t.email),
    tenantPolicy("invitations"),
    systemPolicy("invitations"),
  ],
);
