import type { tables } from "@creel/db";
import { iso } from "../stored.ts";
import type { PolicyVersionView } from "../views.ts";

type Row = Omit<typeof tables.policyVersions.$inferSelect, "yaml">;

export const toVersionView = (row: Row): PolicyVersionView => ({
  policyId: row.policyId,
  version: row.version,
  digest: row.digest,
  message: row.message,
  author: row.author,
  createdAt: iso(row.createdAt),
});
