import { sql } from "drizzle-orm";
import { type AnyPgColumn, pgPolicy, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { appRole, createdAt, currentOrg, systemPolicy } from "./columns.ts";

export const orgs = pgTable(
  "orgs",
  {
    id: uuid("id").primaryKey(),
    slug: text("slug").notNull().unique(),
    name: text("name").notNull(),
    createdAt: createdAt(),
    /** Out of which one it was founded, at the beginning of however many; null where whoever runs the installation founded it. */
    rootOrgId: uuid("root_org_id").references((): AnyPgColumn => orgs.id),
  },
  () => [pgPolicy("orgs_tenant", { for: "select", to: appRole, using: sql`id = ${currentOrg}` }), systemPolicy("orgs")],
);
