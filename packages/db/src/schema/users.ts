import { sql } from "drizzle-orm";
import { pgPolicy, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { appRole, createdAt, instant, systemPolicy } from "./columns.ts";

/** People are global, one row each; what they are in an org is a membership. The app role cannot read `password_hash`. */
export const users = pgTable(
  "users",
  {
    id: uuid("id").primaryKey(),
    /** Lower case. */
    email: text("email").notNull().unique(),
    name: text("name").notNull(),
    passwordHash: text("password_hash"),
    createdAt: createdAt(),
    disabledAt: instant("disabled_at"),
  },
  () => [
    // The inner select is itself filtered to the current org.
    pgPolicy("users_of_org", {
      for: "select",
      to: appRole,
      using: sql`exists (select 1 from memberships m where m.user_id = users.id)`,
    }),
    systemPolicy("users"),
  ],
);
