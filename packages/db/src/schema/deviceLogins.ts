import { sql } from "drizzle-orm";
import { check, foreignKey, index, integer, pgTable, primaryKey, text, unique, uuid } from "drizzle-orm/pg-core";
import { createdAt, id, instant, systemPolicy } from "./columns.ts";
import { orgs } from "./orgs.ts";
import { users } from "./users.ts";

/**
 * Command lines that ask to be signed in (RFC 8628). Until somebody confirms one it belongs to no org, and the app role sees none of
 * them: whoever confirms says by that for whom and where it counts.
 */
export const deviceLogins = pgTable(
  "device_logins",
  {
    id: id(),
    /** SHA-256 of the 256 random bits that the asking program alone holds. */
    deviceCodeHash: text("device_code_hash").notNull(),
    /** SHA-256 of the short code that a person types. */
    userCodeHash: text("user_code_hash").notNull(),
    /** What the asking program says of itself; a claim. */
    hostName: text("host_name").notNull(),
    /** Where it asked from, when the transport knows it for sure. */
    sourceAddress: text("source_address"),
    createdAt: createdAt(),
    expiresAt: instant("expires_at").notNull(),
    intervalSeconds: integer("interval_seconds").notNull(),
    lastPolledAt: instant("last_polled_at"),
    verdict: text("verdict"),
    decidedAt: instant("decided_at"),
    /** Whose answer it was, and in which org. */
    byUserId: uuid("by_user_id"),
    inOrgId: uuid("in_org_id"),
    /** What was confirmed: at most what this role may, and for so long. */
    role: text("role"),
    hours: integer("hours"),
    /** When the token was handed over, once. */
    takenAt: instant("taken_at"),
  },
  (t) => [
    primaryKey({ columns: [t.id] }),
    unique("device_logins_device_code").on(t.deviceCodeHash),
    unique("device_logins_user_code").on(t.userCodeHash),
    foreignKey({ columns: [t.byUserId], foreignColumns: [users.id] }),
    foreignKey({ columns: [t.inOrgId], foreignColumns: [orgs.id] }),
    check("device_logins_verdict", sql`verdict in ('approved', 'denied')`),
    check("device_logins_decided", sql`num_nonnulls(verdict, decided_at, by_user_id, in_org_id) in (0, 4)`),
    check("device_logins_approved", sql`verdict is distinct from 'approved' or num_nonnulls(role, hours) = 2`),
    check("device_logins_taken", sql`taken_at is null or verdict = 'approved'`),
    index("device_logins_by_end").on(t.expiresAt),
    systemPolicy("device_logins"),
  ],
);
