import { sql } from "drizzle-orm";
import { pgPolicy, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { appRole, createdAt, currentOrg, systemPolicy } from "./columns.ts";

export const orgs = pgTable(
  "orgs",
  {
    id: uuid("id").primaryKey(),
    slug: text("slug").notNull().unique(),
    name: text("name").notNull(),
    createdAt: createdAt(),
  },
  () => [pgPolicy("orgs_tenant", { for: "select", to: appRole, using: sql`id = ${currentOrg}` }), systemPolicy("orgs")],
);
