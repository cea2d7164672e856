import { and, eq, type Tx, tables, withOrg, withSystemFor } from "@creel/db";
import { recordAudit } from "../audit/record.ts";
import { PROOF_MS_MAX } from "../auth/limits.ts";
import { startSession } from "../auth/startSession.ts";
import { lockPeople } from "../authz/people.ts";
import type { Ctx, UserActor } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import type { SignedIn } from "../views.ts";
import { accountOf, ensureAccount, type Person, personOfClaims } from "./account.ts";
import type { Claims } from "./claims.ts";
import { join, offerOf } from "./join.ts";
import { isProvedElsewhere, proveAddress } from "./proveAddress.ts";
import { type ProviderRow, providerOf } from "./row.ts";

/** From what the provider said to a session of its org: who it is, whether they belong here, and since when they proved it. */
export async function enter(
  ctx: Ctx,
  { row, claims, userAgent }: { row: ProviderRow; claims: Claims; userAgent: string | undefined },
): Promise<SignedIn> {
  const { orgId } = row;
  const person = personOfClaims(row, claims);
  const known = await withOrg(ctx.db, orgId, async (tx) => await accountOf(tx, row, person));
  const mayJoin = offerOf(row, claims) !== null;
  const made = known ?? (await ensureAccount(ctx, row, person, mayJoin));
  const { id: userId, email } = made;
  const actor: UserActor = { kind: "user", userId, orgId, grants: [], email, identityProviderId: row.id };
  const as = { ...ctx, actor };
  const begin = async (): Promise<SignedIn> => await beginAs(as, { row, claims, person, userAgent });
  if (known !== null) return await begin();
  const isFar = await isProvedElsewhere(as);
  return await withSystemFor(ctx.db, { orgId, userId, isFar }, async (system) => {
    await proveAddress(system, as, { mayJoin, isFar });
    return await begin();
  });
}

async function beginAs(
  as: Ctx<UserActor>,
  of: { row: ProviderRow; claims: Claims; person: Person; userAgent: string | undefined },
): Promise<SignedIn> {
  const { row, claims, person, userAgent } = of;
  const { userId, orgId, email } = as.actor;
  const now = as.clock();
  return await withOrg(as.db, orgId, async (tx) => {
    await lockPeople(tx, orgId);
    await expectUnchanged(tx, row);
    const known = await accountOf(tx, row, person);
    if (known === null) await link(tx, as, { row, person, userId });
    else if (known.id !== userId) throw new CreelError("conflict", "Somebody else was linked a moment ago. Try again.");
    if (!(await isMember(tx, { orgId, userId }))) {
      // An identity that is known and no member's was taken out of the org: it does not let itself in again.
      if (known !== null) throw notHere();
      await join(tx, as, { row, claims });
    }
    await touch(tx, { row, person, now });
    return await startSession(tx, as, {
      orgId,
      userId,
      email,
      userAgent,
      identityProviderId: row.id,
      provedAt: provedAt(claims, now),
    });
  });
}

const notHere = (): CreelError =>
  new CreelError("sso_refused", "You were removed from this organization. Ask an owner for an invitation.");

/** The provider may have been replaced, removed or given other roles to hand out while the person typed. */
export async function expectUnchanged(tx: Tx, row: ProviderRow): Promise<void> {
  const now = await providerOf(tx, row.orgId, "share");
  if (now?.id !== row.id || now.updatedAt.getTime() !== row.updatedAt.getTime())
    throw new CreelError("sso_refused", "The provider's settings were changed meanwhile. Begin again.");
}

async function isMember(tx: Tx, { orgId, userId }: { orgId: string; userId: string }): Promise<boolean> {
  const m = tables.memberships;
  const rows = await tx
    .select({ userId: m.userId })
    .from(m)
    .where(and(eq(m.orgId, orgId), eq(m.userId, userId)));
  return rows.length > 0;
}

async function link(
  tx: Tx,
  ctx: Ctx<UserActor>,
  { row, person, userId }: { row: ProviderRow; person: Person; userId: string },
): Promise<void> {
  const t = tables.userIdentities;
  const { orgId, issuer } = row;
  const now = ctx.clock();
  const made = await tx
    .insert(t)
    .values({
      orgId,
      issuer,
      subject: person.subject,
      userId,
      email: ctx.actor.email,
      createdAt: now,
      lastSignInAt: now,
    })
    .onConflictDoNothing()
    .returning({ userId: t.userId });
  // Threat: an address is given to somebody new at the provider, who is then taken for whoever had it before.
  if (made.length === 0)
    throw new CreelError(
      "sso_refused",
      "Another identity of your provider has this account. Ask an owner of the organization.",
    );
  await recordAudit(tx, ctx, orgId, {
    action: "sso.link",
    resource: { kind: "identity_provider", id: row.id, label: row.name },
    changes: { issuer: { to: issuer }, subject: { to: person.subject }, email: { to: ctx.actor.email } },
  });
}

async function touch(tx: Tx, { row, person, now }: { row: ProviderRow; person: Person; now: Date }): Promise<void> {
  const { userIdentities: i, identityProviders: p } = tables;
  const { orgId, issuer } = row;
  await tx
    .update(i)
    .set({ lastSignInAt: now })
    .where(and(eq(i.orgId, orgId), eq(i.issuer, issuer), eq(i.subject, person.subject)));
  await tx
    .update(p)
    .set({ lastSignInAt: now, provenAt: row.provenAt ?? now })
    .where(and(eq(p.orgId, orgId), eq(p.id, row.id)));
}

/** A sign-in at the provider that is hours old proves nothing of who sits here now. */
export function provedAt(claims: Claims, now: Date): Date | null {
  if (typeof claims.auth_time !== "number") return null;
  const at = new Date(Math.min(claims.auth_time * 1000, now.getTime()));
  return now.getTime() - at.getTime() <= PROOF_MS_MAX ? at : null;
}
