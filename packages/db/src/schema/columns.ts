import { sql } from "drizzle-orm";
import { jsonb, pgPolicy, pgRole, timestamp, uuid } from "drizzle-orm/pg-core";

/** Login roles; they own nothing and bypass nothing. Made by `provisionRoles`. */
export const appRole = pgRole("creel_app").existing();
export const systemRole = pgRole("creel_system").existing();

/** `nullif`: after a transaction that set it, the setting reads as an empty string, which is no uuid. */
export const currentOrg = sql`nullif(current_setting('app.org_id', true), '')::uuid`;

export const orgId = () => uuid("org_id").notNull();
export const id = () => uuid("id").notNull();
export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });
export const createdAt = () => instant("created_at").notNull().defaultNow();

/** Names and values that scopes of grants speak of, e.g. `{"env":"prod"}`. */
export const labels = () => jsonb("labels").notNull().default({});

/** Rows of the current org and no others, for reading and for writing. */
export const tenantPolicy = (table: string) =>
  pgPolicy(`${table}_tenant`, {
    for: "all",
    to: appRole,
    using: sql`org_id = ${currentOrg}`,
    withCheck: sql`org_id = ${currentOrg}`,
  });

/** For the few tables that are read across orgs; what may be done is further narrowed by grants. */
export const systemPolicy = (table: string) =>
  pgPolicy(`${table}_system`, { for: "all", to: systemRole, using: sql`true`, withCheck: sql`true` });
