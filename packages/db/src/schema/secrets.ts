import { sql } from "drizzle-orm";
import {
  check,
  foreignKey,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { createdAt, id, instant, orgId, systemPolicy, tenantPolicy } from "./columns.ts";
import { orgs } from "./orgs.ts";
import { sandboxes } from "./sandboxes.ts";

/** What an org's sandboxes may use and nobody may read. Removed ones stay as rows without a value: decisions name them. */
export const secrets = pgTable(
  "secrets",
  {
    orgId: orgId(),
    id: id(),
    /** As policies and environments speak of it, e.g. `GITHUB_TOKEN`. */
    name: text("name").notNull(),
    description: text("description").notNull(),
    latestVersion: integer("latest_version").notNull(),
    createdBy: text("created_by").notNull(),
    createdAt: createdAt(),
    updatedAt: instant("updated_at").notNull(),
    lastUsedAt: instant("last_used_at"),
    removedAt: instant("removed_at"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId], foreignColumns: [orgs.id] }),
    uniqueIndex("secrets_name").on(t.orgId, t.name).where(sql`removed_at is null`),
    tenantPolicy("secrets"),
  ],
);

/** One value each, sealed under a data key of its own, which is wrapped by the deployment's key. Both are gone once it has ended. */
export const secretVersions = pgTable(
  "secret_versions",
  {
    orgId: orgId(),
    secretId: uuid("secret_id").notNull(),
    version: integer("version").notNull(),
    kmsKeyId: text("kms_key_id"),
    wrappedKey: text("wrapped_key"),
    sealedValue: text("sealed_value"),
    createdBy: text("created_by").notNull(),
    createdAt: createdAt(),
    /** Null while it is the newest; a replaced one is still known until then. */
    endsAt: instant("ends_at"),
    endedAt: instant("ended_at"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.secretId, t.version] }),
    foreignKey({ columns: [t.orgId, t.secretId], foreignColumns: [secrets.orgId, secrets.id] }),
    check(
      "secret_versions_whole_or_ended",
      sql`(ended_at is null) = (sealed_value is not null) and num_nonnulls(kms_key_id, wrapped_key, sealed_value) in (0, 3)`,
    ),
    index("secret_versions_by_end").on(t.orgId, t.endsAt).where(sql`ended_at is null and ends_at is not null`),
    tenantPolicy("secret_versions"),
    // For finding what has ended, in which org; the grant names those columns alone.
    systemPolicy("secret_versions"),
  ],
);

/** Who may use a secret: one sandbox, or all whose labels fit. Where it may go, their policies say. */
export const secretBindings = pgTable(
  "secret_bindings",
  {
    orgId: orgId(),
    id: id(),
    secretId: uuid("secret_id").notNull(),
    sandboxId: uuid("sandbox_id"),
    /** Labels and the values they may have, all of which must hold. */
    scope: jsonb("scope"),
    createdBy: text("created_by").notNull(),
    createdAt: createdAt(),
    endedAt: instant("ended_at"),
    endedBy: text("ended_by"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId, t.secretId], foreignColumns: [secrets.orgId, secrets.id] }),
    foreignKey({ columns: [t.orgId, t.sandboxId], foreignColumns: [sandboxes.orgId, sandboxes.id] }),
    check("secret_bindings_one_subject", sql`num_nonnulls(sandbox_id, scope) = 1`),
    index("secret_bindings_by_secret").on(t.orgId, t.secretId),
    index("secret_bindings_by_sandbox").on(t.orgId, t.sandboxId),
    tenantPolicy("secret_bindings"),
  ],
);
