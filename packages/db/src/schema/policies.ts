import { foreignKey, integer, pgTable, primaryKey, text, unique, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, instant, labels, orgId, tenantPolicy } from "./columns.ts";
import { orgs } from "./orgs.ts";

export const policies = pgTable(
  "policies",
  {
    orgId: orgId(),
    id: id(),
    name: text("name").notNull(),
    labels: labels(),
    latestVersion: integer("latest_version").notNull(),
    createdAt: createdAt(),
    updatedAt: instant("updated_at").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId], foreignColumns: [orgs.id] }),
    unique("policies_name").on(t.orgId, t.name),
    tenantPolicy("policies"),
  ],
);

/** Never changed and never deleted: a digest in a decision must stay explainable. */
export const policyVersions = pgTable(
  "policy_versions",
  {
    orgId: orgId(),
    policyId: uuid("policy_id").notNull(),
    version: integer("version").notNull(),
    digest: text("digest").notNull(),
    yaml: text("yaml").notNull(),
    message: text("message").notNull(),
    author: text("author").notNull(),
    /** The person behind it, also when a key of theirs saved it; null when it was no person. */
    authorUserId: uuid("author_user_id"),
    createdAt: createdAt(),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.policyId, t.version] }),
    foreignKey({ columns: [t.orgId, t.policyId], foreignColumns: [policies.orgId, policies.id] }),
    tenantPolicy("policy_versions"),
  ],
);
