import { bigint, date, foreignKey, index, integer, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { instant, orgId, systemPolicy, tenantPolicy } from "./columns.ts";
import { sandboxes } from "./sandboxes.ts";

/**
 * How often a sandbox was denied alike things on one day (UTC): what the inbox counts by. Written in the transaction that stores the
 * decisions, by those that were new; what was asked itself stands in the decision that `cursor` names.
 */
export const deniedGroups = pgTable(
  "denied_groups",
  {
    orgId: orgId(),
    sandboxId: uuid("sandbox_id").notNull(),
    day: date("day", { mode: "string" }).notNull(),
    /** Of the decisions; or that of everything past what is counted one by one. */
    groupKey: text("group_key").notNull(),
    count: integer("count").notNull(),
    firstAt: instant("first_at").notNull(),
    lastAt: instant("last_at").notNull(),
    /** Of the newest. */
    cursor: bigint("cursor", { mode: "number" }).notNull(),
    /** Of the first, and never changed: pages of the inbox go on by it, whatever is denied between them. */
    firstCursor: bigint("first_cursor", { mode: "number" }).notNull().default(0),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.sandboxId, t.day, t.groupKey] }),
    foreignKey({ columns: [t.orgId, t.sandboxId], foreignColumns: [sandboxes.orgId, sandboxes.id] }),
    index("denied_groups_by_first").on(t.orgId, t.sandboxId, t.firstCursor),
    index("denied_groups_by_key").on(t.orgId, t.groupKey, t.sandboxId),
    // For the sweep, which looks for old days in every org at once.
    index("denied_groups_by_day").on(t.day),
    tenantPolicy("denied_groups"),
    systemPolicy("denied_groups"),
  ],
);
