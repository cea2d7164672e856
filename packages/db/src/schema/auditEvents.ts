import { foreignKey, index, jsonb, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { id, instant, orgId, tenantPolicy } from "./columns.ts";
import { orgs } from "./orgs.ts";

/** Append-only: no login role may update or delete here. Ids are time-ordered, so the id is also the page cursor. */
export const auditEvents = pgTable(
  "audit_events",
  {
    orgId: orgId(),
    id: id(),
    at: instant("at").notNull(),
    action: text("action").notNull(),
    actorKind: text("actor_kind").notNull(),
    actorId: text("actor_id"),
    actorLabel: text("actor_label").notNull(),
    resourceKind: text("resource_kind").notNull(),
    resourceId: text("resource_id"),
    resourceLabel: text("resource_label").notNull(),
    changes: jsonb("changes").notNull(),
    requestId: text("request_id").notNull(),
    source: text("source"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId], foreignColumns: [orgs.id] }),
    index("audit_events_by_resource").on(t.orgId, t.resourceKind, t.resourceId),
    tenantPolicy("audit_events"),
  ],
);
