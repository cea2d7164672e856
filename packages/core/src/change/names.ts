import type { Names } from "@creel/approvals";
import { eq, type Tx, tables } from "@creel/db";
import type { PersonRef } from "../changeViews.ts";

export interface OrgNames {
  of: Names;
  person: (id: string) => PersonRef;
}

/** How people call the members and teams of an org. Who left is called by what is left of them: their id. */
export async function namesIn(tx: Tx, orgId: string): Promise<OrgNames> {
  const { users: u, memberships: m, teams: t } = tables;
  const people = await tx
    .select({ id: u.id, email: u.email })
    .from(m)
    .innerJoin(u, eq(u.id, m.userId))
    .where(eq(m.orgId, orgId));
  const teams = await tx.select({ id: t.id, name: t.name }).from(t).where(eq(t.orgId, orgId));
  const emails = new Map(people.map(({ id, email }) => [id, email]));
  const teamNames = new Map(teams.map(({ id, name }) => [id, name]));
  const person = (id: string): string => emails.get(id) ?? "somebody who left";
  return {
    of: {
      role: (key) => key.replaceAll("_", " "),
      team: (id) => teamNames.get(id) ?? "that is gone",
      person,
    },
    person: (id) => ({ id, label: person(id) }),
  };
}
