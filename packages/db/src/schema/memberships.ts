import { foreignKey, index, pgTable, primaryKey, uuid } from "drizzle-orm/pg-core";
import { createdAt, orgId, systemPolicy, tenantPolicy } from "./columns.ts";
import { orgs } from "./orgs.ts";
import { users } from "./users.ts";

/** Who belongs to an org. What they may do there is in their grants. */
export const memberships = pgTable(
  "memberships",
  { orgId: orgId(), userId: uuid("user_id").notNull(), createdAt: createdAt() },
  (t) => [
    primaryKey({ columns: [t.orgId, t.userId] }),
    foreignKey({ columns: [t.orgId], foreignColumns: [orgs.id] }),
    foreignKey({ columns: [t.userId], foreignColumns: [users.id] }),
    index("memberships_by_user").on(t.userId),
    tenantPolicy("memberships"),
    systemPolicy("memberships"),
  ],
);
