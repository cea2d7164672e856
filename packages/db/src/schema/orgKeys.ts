import { sql } from "drizzle-orm";
import { foreignKey, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { createdAt, id, instant, orgId, tenantPolicy } from "./columns.ts";
import { orgs } from "./orgs.ts";

/** Keys an org signs with. The private half is sealed under the deployment's master key and never here in clear. */
export const orgKeys = pgTable(
  "org_keys",
  {
    orgId: orgId(),
    id: id(),
    kind: text("kind").notNull(),
    certificatePem: text("certificate_pem").notNull(),
    sealedKey: text("sealed_key").notNull(),
    createdAt: createdAt(),
    retiredAt: instant("retired_at"),
  },
  (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
    foreignKey({ columns: [t.orgId], foreignColumns: [orgs.id] }),
    uniqueIndex("org_keys_current").on(t.orgId, t.kind).where(sql`retired_at is null`),
    tenantPolicy("org_keys"),
  ],
);
