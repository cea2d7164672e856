import type { tables } from "@creel/db";
import type { DelegationView, PersonRef } from "../changeViews.ts";
import { iso } from "../stored.ts";

type Row = typeof tables.approvalDelegations.$inferSelect;

export const toDelegationView = (row: Row, person: (id: string) => PersonRef): DelegationView => ({
  id: row.id,
  from: person(row.fromUserId),
  to: person(row.toUserId),
  reason: row.reason,
  createdAt: iso(row.createdAt),
  until: iso(row.until),
});
