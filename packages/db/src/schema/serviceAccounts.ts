import { foreignKey, pgTable, primaryKey, text, unique } from "drizzle-orm/pg-core";
import { createdAt, id, instant, orgId, tenantPolicy } from "./columns.ts";
import { orgs } from "./orgs.ts";

/** What acts and is no person: it has grants and keys, and never signs in. */
export const serviceAccounts = pgTable(
  "service_accounts",
  {
    orgId: orgId(),
    id: id(),
    name: text("name").notNull(),
    description: text("description").notNull(),
    createdBy: text("created_by").notNull(),
    createdAt: createdAt(),
    disabledAt: instant("disabled_at"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId], foreignColumns: [orgs.id] }),
    unique("service_accounts_name").on(t.orgId, t.name),
    tenantPolicy("service_accounts"),
  ],
);
