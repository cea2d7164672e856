import { sql } from "drizzle-orm";
import { foreignKey, index, jsonb, pgTable, primaryKey, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, instant, orgId, tenantPolicy } from "./columns.ts";
import { memberships } from "./memberships.ts";
import { orgs } from "./orgs.ts";

/** Which changes need whose approval. Removed ones stay as rows: what was applied once names the policy it met. */
export const approvalPolicies = pgTable(
  "approval_policies",
  {
    orgId: orgId(),
    id: id(),
    name: text("name").notNull(),
    /** `enforce`, or `evaluate`: then it only says what it would have held up. */
    mode: text("mode").notNull(),
    spec: jsonb("spec").notNull(),
    createdAt: createdAt(),
    updatedAt: instant("updated_at").notNull(),
    removedAt: instant("removed_at"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId], foreignColumns: [orgs.id] }),
    uniqueIndex("approval_policies_name").on(t.orgId, t.name).where(sql`removed_at is null`),
    tenantPolicy("approval_policies"),
  ],
);

/** Who votes with whose standing, until when. */
export const approvalDelegations = pgTable(
  "approval_delegations",
  {
    orgId: orgId(),
    id: id(),
    fromUserId: uuid("from_user_id").notNull(),
    toUserId: uuid("to_user_id").notNull(),
    reason: text("reason").notNull(),
    createdAt: createdAt(),
    until: instant("until").notNull(),
    endedAt: instant("ended_at"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({
      columns: [t.orgId, t.fromUserId],
      foreignColumns: [memberships.orgId, memberships.userId],
    }).onDelete("cascade"),
    foreignKey({
      columns: [t.orgId, t.toUserId],
      foreignColumns: [memberships.orgId, memberships.userId],
    }).onDelete("cascade"),
    // Votes lent to two persons would fill two places.
    uniqueIndex("approval_delegations_one").on(t.orgId, t.fromUserId).where(sql`ended_at is null`),
    index("approval_delegations_by_from").on(t.orgId, t.fromUserId),
    index("approval_delegations_by_to").on(t.orgId, t.toUserId),
    tenantPolicy("approval_delegations"),
  ],
);
