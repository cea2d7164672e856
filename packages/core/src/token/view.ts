import type { tables } from "@creel/db";
import type { Role } from "../authz/roles.ts";
import { iso, isoOrNull, stored } from "../stored.ts";
import type { TokenView } from "../views.ts";

export const toTokenView = (row: typeof tables.apiTokens.$inferSelect): TokenView => ({
  id: row.id,
  name: row.name,
  role: stored<Role>(row.role),
  prefix: row.prefix,
  createdAt: iso(row.createdAt),
  lastUsedAt: isoOrNull(row.lastUsedAt),
  expiresAt: isoOrNull(row.expiresAt),
  revokedAt: isoOrNull(row.revokedAt),
});
