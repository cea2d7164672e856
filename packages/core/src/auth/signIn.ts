import { eq, tables, withOrg, withSystem } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import type { UserActor } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { verifyPassword } from "../secrets/password.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import type { SignedIn } from "../views.ts";
import { startSession } from "./startSession.ts";
import { forgetTries, mayTry } from "./throttle.ts";

export const signInInput = z.strictObject({
  email: z.string().max(254),
  password: z.string().max(1024),
  userAgent: z.string().max(1024).optional(),
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
    if (!mayTry(email, now))
      throw new CreelError("rate_limited", "Too many tries for this account. Wait a quarter of an hour.");
    const account = await findAccount(ctx.db, email);
    const right = await verifyPassword(input.password, account?.passwordHash ?? null);
    if (account === null) throw refused();
    const { orgId, userId } = account;
    const user: UserActor = { kind: "user", userId, orgId, grants: [], email };
    const resource = { kind: "session", id: null, label: email };
    if (!right || account.disabledAt !== null) {
      await withOrg(ctx.db, orgId, (tx) => recordAudit(tx, ctx, orgId, { action: "auth.signInFailed", resource }));
      throw refused();
    }
    forgetTries(email);
    return await withOrg(ctx.db, orgId, (tx) =>
      startSession(tx, { ...ctx, actor: user }, { orgId, userId, email, userAgent: input.userAgent }),
    );
  },
});

/** The person and the org they have belonged to longest; the switcher leads to the others. */
async function findAccount(db: Parameters<typeof withSystem>[0], email: string) {
  const { users, memberships, orgs } = tables;
  return await withSystem(db, async (tx) =>
    first(
      await tx
        .select({
          userId: users.id,
          name: users.name,
          passwordHash: users.passwordHash,
          disabledAt: users.disabledAt,
          orgId: memberships.orgId,
          orgSlug: orgs.slug,
          orgName: orgs.name,
        })
        .from(users)
        .innerJoin(memberships, eq(memberships.userId, users.id))
        .innerJoin(orgs, eq(orgs.id, memberships.orgId))
        .where(eq(users.email, email))
        .orderBy(memberships.createdAt, memberships.orgId)
        .limit(1),
    ),
  );
}
