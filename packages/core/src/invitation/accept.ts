import { and, eq, gt, isNull, newId, type Tx, tables, withOrg, withSystem, withSystemFor } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { expectSecondFactor, factorSince } from "../auth/factor.ts";
import { expectStillJudged, type Judged } from "../auth/lockSignIns.ts";
import { startSession } from "../auth/startSession.ts";
import { countTry, forgetTries } from "../auth/tries.ts";
import type { Scope } from "../authz/grant.ts";
import { expectHolds } from "../authz/holds.ts";
import { expectSound, lockPeople } from "../authz/people.ts";
import { roleByKey } from "../authz/roleByKey.ts";
import type { Ctx, UserActor } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { insertGrant } from "../grant/insert.ts";
import { expectUnselected } from "../grant/selected.ts";
import { passwordSchema } from "../limits.ts";
import { hashPassword, verifyPassword } from "../secrets/password.ts";
import { closedOrgOf, expectPasswordOpens, ssoRequired } from "../sso/door.ts";
import { storedOrNull } from "../stored.ts";
import { expectMaySeat } from "../team/reviewers.ts";
import { defineVerb } from "../verb.ts";
import type { SignedIn } from "../views.ts";
import { givenBy } from "./create.ts";
import { findInvitation, invalidInvitation } from "./find.ts";
import { grantsOfSender } from "./sender.ts";

export const acceptInput = z.strictObject({
  token: z.string().max(256),
  /** A new one for a new account; the one in use for an account that exists. */
  password: passwordSchema,
  /** Of an authenticator or a recovery code, where the account asks for one. */
  code: z.string().max(64).optional(),
  name: z.string().trim().min(1).max(128).optional(),
  userAgent: z.string().max(1024).optional(),
});

/**
 * Threat: a link seen by two, a link whose sender may not give any more what it gives, a link that takes over an account.
 * Invariant: one use makes one member; what it gives is judged again by what the sender holds now; an account that
 * exists is joined by its password alone.
 */
export const accept = defineVerb({
  name: "invitation.accept",
  kind: "mutation",
  gate: { by: "open" },
  input: acceptInput,
  run: async (ctx, input): Promise<SignedIn> => {
    const found = await findInvitation(ctx, input.token);
    const { invitation } = found;
    const { orgId, email } = invitation;
    if ((await closedOrgOf(ctx.db, email))?.orgId === orgId) throw ssoRequired();
    const { userId, judged } = await accountFor(ctx, found, input);
    const actor: UserActor = { kind: "user", userId, orgId, grants: [], email };
    const as = { ...ctx, actor };
    const now = ctx.clock();
    return await withSystemFor(ctx.db, { orgId, userId }, async (system) => {
      await expectStillJudged(system, userId, judged);
      return await withOrg(ctx.db, orgId, async (tx) => {
        await lockPeople(tx, orgId);
        await expectPasswordOpens(tx, { orgId, userId, email, secondFactor: false, now });
        await consume(tx, invitation, now);
        const roleKey = invitation.role ?? invitation.customRoleId;
        const role = roleKey === null ? null : await roleByKey(tx, { orgId, key: roleKey });
        const scope = storedOrNull<Scope>(invitation.scope);
        await expectStillGiven(
          tx,
          invitation,
          await givenBy(tx, { orgId, role, scope, teamId: invitation.teamId, now }),
          now,
        );
        await tx.insert(tables.memberships).values({ orgId, userId, createdAt: now }).onConflictDoNothing();
        if (invitation.teamId !== null)
          await tx
            .insert(tables.teamMembers)
            .values({ orgId, teamId: invitation.teamId, userId, createdAt: now })
            .onConflictDoNothing();
        if (role !== null)
          await insertGrant(tx, as, {
            orgId,
            subject: { kind: "user", id: userId },
            role,
            scope,
            expiresAt: null,
            reason: `Invited by ${invitation.invitedBy}.`,
            givenBy: { label: invitation.invitedBy, userId: invitation.invitedByUserId },
          });
        await expectSound(tx, { orgId, userIds: [userId], now });
        await recordAudit(tx, as, orgId, {
          action: "invitation.accept",
          resource: { kind: "invitation", id: invitation.id, label: email },
          changes: { member: { to: email }, usedAt: { to: now.toISOString() } },
        });
        return await startSession(tx, as, { orgId, userId, email, userAgent: input.userAgent });
      });
    });
  },
});

type Found = Awaited<ReturnType<typeof findInvitation>>;

/** The account of the invited address: the one that exists, by its password, or a new one. */
async function accountFor(
  ctx: Ctx,
  { invitation, user }: Found,
  input: z.output<typeof acceptInput>,
): Promise<{ userId: string; judged: Judged }> {
  const { email } = invitation;
  if (user !== null) {
    await countTry(ctx.db, { account: email }, ctx.clock());
    const since = await withSystem(ctx.db, (tx) => factorSince(tx, user.id));
    const right = await verifyPassword(input.password, user.passwordHash);
    if (!right || user.disabledAt !== null)
      throw new CreelError("unauthenticated", "That is not the password of this account.");
    await expectSecondFactor(ctx, { userId: user.id, code: input.code, now: ctx.clock() });
    await forgetTries(ctx.db, { account: email });
    return { userId: user.id, judged: { passwordHash: user.passwordHash, factorSince: since } };
  }
  const passwordHash = await hashPassword(input.password);
  const id = newId(ctx.clock());
  const name = input.name ?? email.split("@")[0] ?? email;
  return await withSystem(ctx.db, async (tx) => {
    const u = tables.users;
    const made = await tx
      .insert(u)
      .values({ id, email, name, passwordHash })
      .onConflictDoNothing()
      .returning({ id: u.id });
    // Somebody made the account a moment ago: then it is theirs, and its password is asked at the next try.
    if (made.length === 0) throw invalidInvitation();
    return { userId: id, judged: { passwordHash, factorSince: null } };
  });
}

/** Compare-and-set: of all who hold the link, one changes `used_at` from null. */
async function consume(tx: Tx, of: { orgId: string; id: string }, now: Date): Promise<void> {
  const t = tables.invitations;
  const used = await tx
    .update(t)
    .set({ usedAt: now })
    .where(and(eq(t.orgId, of.orgId), eq(t.id, of.id), isNull(t.usedAt), isNull(t.revokedAt), gt(t.expiresAt, now)))
    .returning({ id: t.id });
  if (used.length === 0) throw invalidInvitation();
}

/** Judged when it was sent, and again now: whoever sent it may have lost what it gives, or the role may have grown since. */
async function expectStillGiven(
  tx: Tx,
  invitation: Parameters<typeof grantsOfSender>[1] & { teamId: string | null },
  given: Parameters<typeof expectHolds>[1],
  now: Date,
): Promise<void> {
  const grants = await grantsOfSender(tx, invitation, now);
  const { orgId, teamId } = invitation;
  try {
    expectHolds({ grants }, given);
    await expectUnselected({ tx, orgId, now }, given, "");
    if (teamId !== null) await expectMaySeat(tx, { grants }, { orgId, teamId });
  } catch (error) {
    if (!(error instanceof CreelError)) throw error;
    throw invalidInvitation();
  }
}
