import { newId, type Tx, tables } from "@creel/db";

/** The person whom an org begins with. The caller made sure that it has none. */
export async function makeFirstOwner(
  tx: Tx,
  of: { orgId: string; userId: string; by: string; now: Date },
): Promise<void> {
  const { orgId, userId, by, now } = of;
  await tx.insert(tables.memberships).values({ orgId, userId }).onConflictDoNothing();
  await tx.insert(tables.roleGrants).values({
    orgId,
    id: newId(now),
    userId,
    role: "owner",
    reason: "Founded the organization.",
    grantedBy: by,
    createdAt: now,
  });
}
