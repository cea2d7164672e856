import { and, eq, isNull, newId, type Tx, tables } from "@creel/db";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import type { Scope } from "../authz/grant.ts";
import { expectSound, reachedBy } from "../authz/people.ts";
import type { NamedRole } from "../authz/roleByKey.ts";
import { type Ctx, personOf } from "../context.ts";
import { notFound } from "../errors/errors.ts";
import type { SubjectKind } from "../peopleViews.ts";
import { first } from "../stored.ts";
import { findMember, findTeam } from "../team/find.ts";

export interface NewGrant {
  orgId: string;
  subject: { kind: SubjectKind; id: string };
  role: NamedRole;
  scope: Scope | null;
  expiresAt: Date | null;
  reason: string;
  /** Who gave it, where that is not who acts: whoever sent an invitation that somebody else uses. */
  givenBy?: { label: string; userId: string | null };
}

/** Writes a grant with its audit row, under the caller's `lockPeople` and after the caller judged who may give it. */
export async function insertGrant(tx: Tx, ctx: Ctx, given: NewGrant): Promise<string> {
  const { orgId, subject, role } = given;
  const now = ctx.clock();
  const label = await labelOf(tx, orgId, subject);
  const row = {
    orgId,
    id: newId(now),
    userId: subject.kind === "user" ? subject.id : null,
    teamId: subject.kind === "team" ? subject.id : null,
    serviceAccountId: subject.kind === "service_account" ? subject.id : null,
    role: role.role,
    customRoleId: role.customRoleId,
    scope: given.scope,
    reason: given.reason,
    grantedBy: given.givenBy?.label ?? describeActor(ctx.actor).label,
    grantedByUserId: given.givenBy === undefined ? personOf(ctx.actor) : given.givenBy.userId,
    createdAt: now,
    expiresAt: given.expiresAt,
    endedAt: null,
    endedBy: null,
  };
  await tx.insert(tables.roleGrants).values(row);
  await expectSound(tx, { orgId, userIds: await reachedBy(tx, row), now });
  await recordAudit(tx, ctx, orgId, {
    action: "grant.give",
    resource: { kind: "grant", id: row.id, label: `${role.name} to ${label}` },
    changes: changesOf("roleGrants", null, row),
  });
  return row.id;
}

/** What a subject is called; throws `notFound` for one that is not of this org. */
export async function labelOf(tx: Tx, orgId: string, subject: NewGrant["subject"]): Promise<string> {
  if (subject.kind === "user") return (await findMember(tx, { orgId, userId: subject.id })).email;
  if (subject.kind === "team") return (await findTeam(tx, { orgId, teamId: subject.id })).name;
  const t = tables.serviceAccounts;
  const row = first(
    await tx
      .select({ name: t.name })
      .from(t)
      .where(and(eq(t.orgId, orgId), eq(t.id, subject.id), isNull(t.disabledAt))),
  );
  if (row === null) throw notFound();
  return row.name;
}
