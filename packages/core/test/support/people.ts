import { and, eq, isNull, newId, tables, withOrg, withSystem } from "@creel/db";
import { grantsOf, type Role, type Scope, type UserActor } from "../../src/index.ts";
import type { Fleet, TestOrg } from "./fleet.ts";

export interface TestPerson {
  userId: string;
  email: string;
  /** Signed in now: what they hold is read at this moment. */
  actor(): Promise<UserActor>;
  /** Ends every grant of theirs, as the people's verbs do. */
  demote(): Promise<void>;
}

/** A member with one role, as rows: nothing here goes round a right, because nothing here is asked. */
export async function addPerson(
  fleet: Fleet,
  org: TestOrg,
  given: { name: string; role: Role; scope?: Scope },
): Promise<TestPerson> {
  const { orgId } = org;
  const userId = newId(fleet.clock.now);
  const email = `${given.name}@${orgId.slice(-6)}.example`;
  await withSystem(fleet.db, (tx) => tx.insert(tables.users).values({ id: userId, email, name: given.name }));
  await withOrg(fleet.db, orgId, async (tx) => {
    await tx.insert(tables.memberships).values({ orgId, userId });
    await tx.insert(tables.roleGrants).values({
      orgId,
      id: newId(fleet.clock.now),
      userId,
      role: given.role,
      scope: given.scope ?? null,
      reason: "test",
      grantedBy: "test",
      createdAt: fleet.clock.now,
    });
  });
  const g = tables.roleGrants;
  return {
    userId,
    email,
    actor: async () => ({
      kind: "user",
      userId,
      orgId,
      email,
      grants: await withOrg(fleet.db, orgId, (tx) => grantsOf(tx, { orgId, userId, now: fleet.clock.now })),
    }),
    demote: async () => {
      await withOrg(fleet.db, orgId, (tx) =>
        tx
          .update(g)
          .set({ endedAt: fleet.clock.now, endedBy: "test" })
          .where(and(eq(g.orgId, orgId), eq(g.userId, userId), isNull(g.endedAt))),
      );
    },
  };
}
