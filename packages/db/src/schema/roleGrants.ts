import { sql } from "drizzle-orm";
import { check, foreignKey, index, jsonb, pgTable, primaryKey, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, instant, orgId, tenantPolicy } from "./columns.ts";
import { orgs } from "./orgs.ts";
import { serviceAccounts } from "./serviceAccounts.ts";
import { teams } from "./teams.ts";
import { users } from "./users.ts";

/** Sets of permissions that an org named itself, beside the built-in roles. */
export const customRoles = pgTable(
  "custom_roles",
  {
    orgId: orgId(),
    id: id(),
    name: text("name").notNull(),
    description: text("description").notNull(),
    /** `kind:action` each. */
    permissions: jsonb("permissions").notNull(),
    createdAt: createdAt(),
    updatedAt: instant("updated_at").notNull(),
    removedAt: instant("removed_at"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId], foreignColumns: [orgs.id] }),
    uniqueIndex("custom_roles_name").on(t.orgId, t.name).where(sql`removed_at is null`),
    tenantPolicy("custom_roles"),
  ],
);

/** Who holds which role over what until when. Rows are ended and never deleted: what somebody could do last May stays known. */
export const roleGrants = pgTable(
  "role_grants",
  {
    orgId: orgId(),
    id: id(),
    userId: uuid("user_id"),
    teamId: uuid("team_id"),
    serviceAccountId: uuid("service_account_id"),
    /** A built-in role. */
    role: text("role"),
    customRoleId: uuid("custom_role_id"),
    /** Labels and the values they may have, all of which must hold; the whole org when null. */
    scope: jsonb("scope"),
    reason: text("reason").notNull().default(""),
    grantedBy: text("granted_by").notNull(),
    grantedByUserId: uuid("granted_by_user_id"),
    createdAt: createdAt(),
    expiresAt: instant("expires_at"),
    endedAt: instant("ended_at"),
    endedBy: text("ended_by"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId], foreignColumns: [orgs.id] }),
    foreignKey({ columns: [t.userId], foreignColumns: [users.id] }),
    foreignKey({ columns: [t.orgId, t.teamId], foreignColumns: [teams.orgId, teams.id] }),
    foreignKey({
      columns: [t.orgId, t.serviceAccountId],
      foreignColumns: [serviceAccounts.orgId, serviceAccounts.id],
    }),
    foreignKey({ columns: [t.orgId, t.customRoleId], foreignColumns: [customRoles.orgId, customRoles.id] }),
    check("role_grants_one_subject", sql`num_nonnulls(user_id, team_id, service_account_id) = 1`),
    check("role_grants_one_role", sql`num_nonnulls(role, custom_role_id) = 1`),
    index("role_grants_by_user").on(t.orgId, t.userId),
    index("role_grants_by_team").on(t.orgId, t.teamId),
    index("role_grants_by_service_account").on(t.orgId, t.serviceAccountId),
    tenantPolicy("role_grants"),
  ],
);
