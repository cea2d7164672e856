import { sql } from "drizzle-orm";
import { boolean, foreignKey, integer, jsonb, pgTable, primaryKey, text, uniqueIndex, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, instant, orgId, systemPolicy, tenantPolicy } from "./columns.ts";
import { orgs } from "./orgs.ts";
import { users } from "./users.ts";

/** Whom an org lets say who its people are; one at a time. */
export const identityProviders = pgTable(
  "identity_providers",
  {
    orgId: orgId(),
    id: id(),
    /** What stands on the button. */
    name: text("name").notNull(),
    issuer: text("issuer").notNull(),
    clientId: text("client_id").notNull(),
    sealedClientSecret: text("sealed_client_secret").notNull(),
    clockSkewSeconds: integer("clock_skew_seconds").notNull(),
    /** The claim that names groups; null where roles do not follow from it. */
    roleClaim: text("role_claim"),
    /** `{value, role, teamId}` each, the first that fits counts. */
    roleMapping: jsonb("role_mapping").notNull(),
    /** Of newcomers whom no mapping fits; null leaves them outside. */
    defaultRole: text("default_role"),
    /** Passwords of its domains' people no longer open this org, but for one person. */
    enforced: boolean("enforced").notNull(),
    breakGlassUserId: uuid("break_glass_user_id"),
    createdBy: text("created_by").notNull(),
    createdAt: createdAt(),
    updatedAt: instant("updated_at").notNull(),
    /** The first sign-in that went well under the settings as they are. */
    provenAt: instant("proven_at"),
    lastSignInAt: instant("last_sign_in_at"),
    removedAt: instant("removed_at"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId], foreignColumns: [orgs.id] }),
    foreignKey({ columns: [t.breakGlassUserId], foreignColumns: [users.id] }),
    uniqueIndex("identity_providers_one_of_org").on(t.orgId).where(sql`removed_at is null`),
    tenantPolicy("identity_providers"),
    // For what a password is asked at the door: the grant names those columns alone.
    systemPolicy("identity_providers"),
  ],
);

/** Domains an org says are its own, and those of which DNS says so too. */
export const identityDomains = pgTable(
  "identity_domains",
  {
    orgId: orgId(),
    id: id(),
    /** Lower case, as it stands after the @. */
    domain: text("domain").notNull(),
    /** What a TXT record must hold; public by its nature. */
    verificationToken: text("verification_token").notNull(),
    verifiedAt: instant("verified_at"),
    checkedAt: instant("checked_at"),
    createdBy: text("created_by").notNull(),
    createdAt: createdAt(),
    removedAt: instant("removed_at"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId], foreignColumns: [orgs.id] }),
    uniqueIndex("identity_domains_of_org").on(t.orgId, t.domain).where(sql`removed_at is null`),
    // A domain speaks for one org.
    uniqueIndex("identity_domains_verified_once")
      .on(t.domain)
      .where(sql`verified_at is not null and removed_at is null`),
    tenantPolicy("identity_domains"),
    systemPolicy("identity_domains"),
  ],
);

/**
 * Whom a provider means by a subject. Of one org: what its provider says leads nowhere else. Kept when the person leaves, so that
 * they do not come back by themselves.
 */
export const userIdentities = pgTable(
  "user_identities",
  {
    orgId: orgId(),
    issuer: text("issuer").notNull(),
    subject: text("subject").notNull(),
    userId: uuid("user_id").notNull(),
    /** The address it was linked by; who it is afterwards does not depend on it. */
    email: text("email").notNull(),
    createdAt: createdAt(),
    lastSignInAt: instant("last_sign_in_at").notNull(),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.issuer, t.subject] }),
    foreignKey({ columns: [t.orgId], foreignColumns: [orgs.id] }),
    foreignKey({ columns: [t.userId], foreignColumns: [users.id] }),
    // One person is one subject of a provider: a second one with the same address is somebody else.
    uniqueIndex("user_identities_by_user").on(t.orgId, t.issuer, t.userId),
    tenantPolicy("user_identities"),
  ],
);
