import { eq, tables, withOrg, withSystem, withSystemFor } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import type { UserActor } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { PAGE_MAX } from "../limits.ts";
import { verifyPassword } from "../secrets/password.ts";
import { type ClosedOrg, closedOrgOf, expectPasswordOpens, ssoRequired } from "../sso/door.ts";
import { defineVerb } from "../verb.ts";
import type { SignedIn } from "../views.ts";
import { codeAsked, codeWrong, factorSince, takeCode } from "./factor.ts";
import { expectStillJudged } from "./lockSignIns.ts";
import { startSession } from "./startSession.ts";
import { countTry, forgetTries } from "./tries.ts";

export const signInInput = z.strictObject({
  email: z.string().max(254),
  password: z.string().max(1024),
  /** Of an authenticator or a recovery code, where the person uses them. */
  code: z.string().max(64).optional(),
  userAgent: z.string().max(1024).optional(),
  /** Where the request came from, when the transport knows it for sure. */
  address: z.string().max(64).optional(),
});

/** One text for a wrong password and for an account that does not exist. */
const refused = (): CreelError => new CreelError("unauthenticated", "The e-mail address or the password is wrong.");

export const signIn = defineVerb({
  name: "auth.signIn",
  kind: "mutation",
  gate: { by: "open" },
  input: signInInput,
  run: async (ctx, input): Promise<SignedIn> => {
    const email = input.email.trim().toLowerCase();
    const now = ctx.clock();
    if (input.address !== undefined) await countTry(ctx.db, { address: input.address }, now);
    await countTry(ctx.db, { account: email }, now);
    // Judged by the domain: whoever is refused here is refused alike, whether there is such an account or not.
    const closed = await closedOrgOf(ctx.db, email);
    const refusal = (): CreelError => (closed === null ? refused() : ssoRequired());
    const account = await findAccount(ctx.db, email, closed);
    const right = await verifyPassword(input.password, account?.passwordHash ?? null);
    if (account === null) throw refusal();
    const { orgId, userId } = account;
    const user: UserActor = { kind: "user", userId, orgId, grants: [], email };
    const resource = { kind: "session", id: null, label: email };
    const known = right && account.disabledAt === null;
    const since = known ? await withSystem(ctx.db, (tx) => factorSince(tx, userId)) : null;
    const needsCode = since !== null;
    if (needsCode && input.code === undefined) throw codeAsked();
    const proof = needsCode ? await takeCode(ctx, { userId, code: input.code ?? "", now }) : null;
    if (!known || (needsCode && proof === null)) {
      await withOrg(ctx.db, orgId, (tx) => recordAudit(tx, ctx, orgId, { action: "auth.signInFailed", resource }));
      throw needsCode ? codeWrong() : refusal();
    }
    await forgetTries(ctx.db, { account: email });
    return await withSystemFor(ctx.db, { orgId, userId }, async (system) => {
      await expectStillJudged(system, userId, { passwordHash: account.passwordHash, factorSince: since });
      return await withOrg(ctx.db, orgId, async (tx) => {
        const as = { ...ctx, actor: user };
        const way = await expectPasswordOpens(tx, { orgId, userId, email, secondFactor: proof !== null, now });
        if (way.breakGlass)
          await recordAudit(tx, as, orgId, {
            action: "sso.breakGlass",
            resource: { kind: "user", id: userId, label: email },
          });
        return await startSession(tx, as, { orgId, userId, email, userAgent: input.userAgent });
      });
    });
  },
});

/**
 * The person and the org they have belonged to longest among those that a password opens; the switcher leads to the others. The
 * break-glass owner is let in where nobody else is.
 */
async function findAccount(db: Parameters<typeof withSystem>[0], email: string, closed: ClosedOrg | null) {
  const { users, memberships } = tables;
  const rows = await withSystem(db, (tx) =>
    tx
      .select({
        userId: users.id,
        passwordHash: users.passwordHash,
        disabledAt: users.disabledAt,
        orgId: memberships.orgId,
      })
      .from(users)
      .innerJoin(memberships, eq(memberships.userId, users.id))
      .where(eq(users.email, email))
      .orderBy(memberships.createdAt, memberships.orgId)
      .limit(PAGE_MAX),
  );
  const named = rows.find((row) => row.orgId === closed?.orgId && row.userId === closed.breakGlassUserId);
  return named ?? rows.find((row) => row.orgId !== closed?.orgId) ?? null;
}
