import { sql } from "drizzle-orm";
import { foreignKey, index, pgTable, primaryKey, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, instant, orgId, tenantPolicy } from "./columns.ts";
import { memberships } from "./memberships.ts";
import { orgs } from "./orgs.ts";

/** Removed ones stay as rows: grants of the past name them. */
export const teams = pgTable(
  "teams",
  { orgId: orgId(), id: id(), name: text("name").notNull(), createdAt: createdAt(), removedAt: instant("removed_at") },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId], foreignColumns: [orgs.id] }),
    uniqueIndex("teams_name").on(t.orgId, t.name).where(sql`removed_at is null`),
    tenantPolicy("teams"),
  ],
);

/** Only members of the org are in its teams: who leaves the org is in none. */
export const teamMembers = pgTable(
  "team_members",
  { orgId: orgId(), teamId: uuid("team_id").notNull(), userId: uuid("user_id").notNull(), createdAt: createdAt() },
  (t) => [
    primaryKey({ columns: [t.orgId, t.teamId, t.userId] }),
    foreignKey({ columns: [t.orgId, t.teamId], foreignColumns: [teams.orgId, teams.id] }).onDelete("cascade"),
    foreignKey({
      columns: [t.orgId, t.userId],
      foreignColumns: [memberships.orgId, memberships.userId],
    }).onDelete("cascade"),
    index("team_members_by_user").on(t.orgId, t.userId),
    tenantPolicy("team_members"),
  ],
);
