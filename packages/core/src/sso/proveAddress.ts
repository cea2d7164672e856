import { and, eq, isNotNull, isNull, ne, type Tx, tables, withOrg, withSystem } from "@creel/db";
import { recordAudit } from "../audit/record.ts";
import { lockSignIns } from "../auth/lockSignIns.ts";
import type { Ctx, UserActor } from "../context.ts";
import { endLogins } from "../device/endLogins.ts";
import { CreelError } from "../errors/errors.ts";
import { noRole } from "./account.ts";
import { isOwner } from "./enforce.ts";

/**
 * Threat: whoever held an invitation's link made an account in somebody else's name, with a password and keys of their own; then the
 * real one comes through the provider and is joined to it. Invariant: at the first proof of an account's address, by a provider of a
 * verified domain, everything that opened the account before ends, in every org and in one go with the link.
 *
 * An owner of this org is left as they are: another owner made them one, and somebody must be able to come in past the provider. An
 * owner of another org is not linked at all, for that org might be left without anybody who can come in.
 */
export async function proveAddress(
  system: Tx,
  ctx: Ctx<UserActor>,
  { mayJoin, isFar }: { mayJoin: boolean; isFar: boolean },
): Promise<void> {
  const { users: u, sessions: s, memberships: m, userTotp, userRecoveryCodes } = tables;
  const { userId, orgId } = ctx.actor;
  const now = ctx.clock();
  const user = await lockSignIns(system, userId);
  // Without a password it was a provider that made it.
  if (user?.passwordHash == null) return;
  const orgIds = (await system.select({ orgId: m.orgId }).from(m).where(eq(m.userId, userId))).map((row) => row.orgId);
  if (!isFar && orgIds.some((at) => at !== orgId))
    throw new CreelError("conflict", "Your account was changed a moment ago. Begin again.");
  const standings = [];
  for (const at of orgIds) standings.push(await standingIn(ctx, at));
  if (standings.some((one) => one.isProved || (one.isOwner && one.orgId === orgId))) return;
  if (standings.some((one) => one.isOwner))
    throw new CreelError("sso_refused", "Nobody proved this address yet, and its account owns another organization.");
  if (!orgIds.includes(orgId) && !mayJoin) throw noRole();
  await system.update(u).set({ passwordHash: null }).where(eq(u.id, userId));
  await system.delete(userTotp).where(eq(userTotp.userId, userId));
  await system.delete(userRecoveryCodes).where(eq(userRecoveryCodes.userId, userId));
  await endLogins(system, ctx, { userId, now });
  const ended = await system
    .update(s)
    .set({ revokedAt: now })
    .where(and(eq(s.userId, userId), isNull(s.revokedAt)))
    .returning({ orgId: s.orgId });
  for (const at of new Set([orgId, ...orgIds])) await endKeys(ctx, at, ended.filter((one) => one.orgId === at).length);
}

/** Whether the proof ends something in other orgs too, which then has to be begun as such (`withSystemFor`). */
export async function isProvedElsewhere(ctx: Ctx<UserActor>): Promise<boolean> {
  const { users: u, memberships: m } = tables;
  const { userId, orgId } = ctx.actor;
  const rows = await withSystem(ctx.db, (tx) =>
    tx
      .select({ orgId: m.orgId })
      .from(m)
      .innerJoin(u, eq(u.id, m.userId))
      .where(and(eq(m.userId, userId), ne(m.orgId, orgId), isNotNull(u.passwordHash)))
      .limit(1),
  );
  return rows.length > 0;
}

async function standingIn(ctx: Ctx<UserActor>, orgId: string) {
  const i = tables.userIdentities;
  const { userId } = ctx.actor;
  return await withOrg(ctx.db, orgId, async (tx) => {
    const linked = await tx
      .select({ subject: i.subject })
      .from(i)
      .where(and(eq(i.orgId, orgId), eq(i.userId, userId)));
    return { orgId, isProved: linked.length > 0, isOwner: await isOwner(tx, { orgId, userId, now: ctx.clock() }) };
  });
}

/** With the audit row that says in this org what ended, and that wakes its open streams. */
async function endKeys(ctx: Ctx<UserActor>, orgId: string, sessionsEnded: number): Promise<void> {
  const t = tables.apiTokens;
  const { userId, email } = ctx.actor;
  await withOrg(ctx.db, orgId, async (tx) => {
    const keys = await tx
      .update(t)
      .set({ revokedAt: ctx.clock() })
      .where(and(eq(t.orgId, orgId), eq(t.ownerUserId, userId), isNull(t.revokedAt)))
      .returning({ id: t.id });
    await recordAudit(tx, ctx, orgId, {
      action: "sso.proveAddress",
      resource: { kind: "user", id: userId, label: email },
      changes: { password: {}, sessionsEnded: { to: sessionsEnded }, keysEnded: { to: keys.length } },
    });
  });
}
