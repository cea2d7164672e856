import { bigint, foreignKey, pgTable, primaryKey } from "drizzle-orm/pg-core";
import { orgId, tenantPolicy } from "./columns.ts";
import { orgs } from "./orgs.ts";

/**
 * How often who holds what has changed in an org. Whoever changes it counts this up first: the row is the lock, and a serialisable
 * transaction that began before such a change is begun again instead of reading what is no longer so.
 */
export const peopleRevisions = pgTable(
  "people_revisions",
  { orgId: orgId(), revision: bigint("revision", { mode: "number" }).notNull() },
  (t) => [
    primaryKey({ columns: [t.orgId] }),
    foreignKey({ columns: [t.orgId], foreignColumns: [orgs.id] }),
    tenantPolicy("people_revisions"),
  ],
);
