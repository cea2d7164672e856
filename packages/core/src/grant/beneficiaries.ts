/**
 * Threat: somebody approves a right for themselves, through a team they are in or a key they hold.
 * Invariant: every person whom a grant reaches is named here, and never counts as its approver.
 */
import { and, eq, isNull, type Tx, tables } from "@creel/db";
import { reachedBy } from "../authz/people.ts";
import { makersOf } from "../change/parties.ts";
import type { SubjectKind } from "../peopleViews.ts";

interface Subject {
  kind: SubjectKind;
  id: string;
}

/** The person; the people of the team; whoever had one of the service account's keys in hand. */
export async function beneficiariesOf(tx: Tx, orgId: string, { kind, id }: Subject): Promise<string[]> {
  if (kind !== "service_account") {
    const whom = kind === "user" ? { userId: id, teamId: null } : { userId: null, teamId: id };
    return (await reachedBy(tx, { orgId, ...whom })).sort();
  }
  const k = tables.apiTokens;
  const keys = await tx
    .select({ tokenId: k.id })
    .from(k)
    .where(and(eq(k.orgId, orgId), eq(k.ownerServiceAccountId, id), isNull(k.revokedAt)));
  const persons = new Set<string>();
  for (const { tokenId } of keys) for (const userId of await makersOf(tx, { orgId, tokenId })) persons.add(userId);
  return [...persons].sort();
}
