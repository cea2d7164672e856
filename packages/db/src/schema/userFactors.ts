import { bigint, foreignKey, integer, pgTable, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { createdAt, instant, systemPolicy } from "./columns.ts";
import { users } from "./users.ts";

/** A person's second factor. Of the person and of no org, so the app role cannot see it. Secrets are sealed under the master key. */
export const userTotp = pgTable(
  "user_totp",
  {
    userId: uuid("user_id").notNull(),
    /** What codes are judged by; null until the first one was confirmed. */
    sealedSecret: text("sealed_secret"),
    /** The newest time step that a code was taken for: none is taken twice. */
    lastStep: bigint("last_step", { mode: "number" }),
    confirmedAt: instant("confirmed_at"),
    /** Offered and not confirmed yet. */
    pendingSecret: text("pending_secret"),
    pendingAt: instant("pending_at"),
  },
  (t) => [
    primaryKey({ columns: [t.userId] }),
    foreignKey({ columns: [t.userId], foreignColumns: [users.id] }),
    systemPolicy("user_totp"),
  ],
);

/** Each works once, in the place of a code. */
export const userRecoveryCodes = pgTable(
  "user_recovery_codes",
  {
    userId: uuid("user_id").notNull(),
    /** SHA-256 of a random code of 80 bits. */
    codeHash: text("code_hash").notNull(),
    createdAt: createdAt(),
    usedAt: instant("used_at"),
  },
  (t) => [
    primaryKey({ columns: [t.userId, t.codeHash] }),
    foreignKey({ columns: [t.userId], foreignColumns: [users.id] }),
    systemPolicy("user_recovery_codes"),
  ],
);

/** Tries of sign-ins in a window of time, by the hash of an account or an address: every process counts here. */
export const authTries = pgTable(
  "auth_tries",
  {
    key: text("key").notNull(),
    count: integer("count").notNull(),
    windowEndsAt: instant("window_ends_at").notNull(),
  },
  (t) => [primaryKey({ columns: [t.key] }), systemPolicy("auth_tries")],
);
