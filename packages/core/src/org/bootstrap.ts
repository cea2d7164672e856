import { and, eq, gt, isNull, newId, or, sql, type Tx, tables, withOrg, withSystem } from "@creel/db";
import { POLICY_BYTES_MAX } from "@creel/protocol";
import { z } from "zod";
import { ensureFirstPolicy } from "../approvalPolicy/first.ts";
import { recordAudit } from "../audit/record.ts";
import { ownsOrg } from "../authz/grant.ts";
import { grantsOf } from "../authz/grantsOf.ts";
import { lockPeople } from "../authz/people.ts";
import type { Ctx } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { passwordSchema, slugSchema } from "../limits.ts";
import { insertPolicy } from "../policy/insert.ts";
import { hashPassword, verifyPassword } from "../secrets/password.ts";
import { apiTokenPrefix, hashToken } from "../secrets/tokens.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { makeFirstOwner } from "./firstOwner.ts";

export const bootstrapInput = z.strictObject({
  slug: slugSchema,
  name: z.string().min(1).max(128),
  ownerEmail: z.email().max(254),
  ownerPassword: passwordSchema,
  /** Made by the caller with `makeApiToken()` and kept by it, so that a repeated call can be the same call. */
  apiToken: z.string().max(256).optional(),
  policy: z.strictObject({ name: slugSchema, yaml: z.string().max(POLICY_BYTES_MAX) }).optional(),
});
type Input = z.output<typeof bootstrapInput>;

export interface Founded {
  orgId: string;
  userId: string;
  policyId: string | null;
  created: boolean;
  /** Whether what the caller keeps still opens the door: the founder may have changed the password or be no owner any more. */
  passwordHolds: boolean;
  owns: boolean;
  tokenHolds: boolean;
}

/**
 * Makes an org that a person can sign in to. The caller keeps the password and the token; called again with the same,
 * nothing changes, and called again after a start that died half way, what is missing is added.
 *
 * Threat: a password that leaked and was changed, or an owner who was removed, comes back with the next start. Invariant: an
 * account that is there keeps its password, and an org that ever had an owner gets none from here.
 */
export const bootstrap = defineVerb({
  name: "org.bootstrap",
  kind: "mutation",
  gate: { by: "system" },
  input: bootstrapInput,
  run: async (ctx, input): Promise<Founded> => {
    if (input.apiToken !== undefined && apiTokenPrefix(input.apiToken) === null)
      throw new CreelError("invalid_input", "apiToken: not a token of makeApiToken(); its checksum does not hold.");
    const org = await ensureOrg(ctx, input);
    const { id: userId, passwordHolds } = await ensureUser(ctx, input);
    const rest = await withOrg(ctx.db, org.id, async (tx) => {
      const founded = await ensureFirstOwner(tx, ctx, { orgId: org.id, userId });
      const held = await grantsOf(tx, { orgId: org.id, userId, now: ctx.clock() });
      const owns = ownsOrg(held);
      const token = owns
        ? await ensureToken(tx, ctx, { orgId: org.id, userId, token: input.apiToken })
        : { made: false, holds: false };
      const policy = await ensurePolicy(tx, ctx, org.id, input);
      await ensureFirstPolicy(tx, { orgId: org.id, now: ctx.clock() });
      if (org.created || founded || token.made || policy.created)
        await recordAudit(tx, ctx, org.id, {
          action: "org.bootstrap",
          resource: { kind: "org", id: org.id, label: input.slug },
          changes: { owner: { to: input.ownerEmail } },
        });
      return { policyId: policy.id, owns, tokenHolds: token.holds };
    });
    return { orgId: org.id, userId, created: org.created, passwordHolds, ...rest };
  },
});

async function ensureOrg(ctx: Ctx, input: Input): Promise<{ id: string; created: boolean }> {
  const t = tables.orgs;
  return await withSystem(ctx.db, async (tx) => {
    const made = await tx
      .insert(t)
      .values({ id: newId(ctx.clock()), slug: input.slug, name: input.name })
      .onConflictDoNothing()
      .returning({ id: t.id });
    const row = first(await tx.select({ id: t.id }).from(t).where(eq(t.slug, input.slug)));
    if (row === null) throw new CreelError("internal", "The organisation could not be made.");
    return { id: row.id, created: made.length > 0 };
  });
}

/** Only an account that is made here gets the password. */
async function ensureUser(ctx: Ctx, input: Input): Promise<{ id: string; passwordHolds: boolean }> {
  const t = tables.users;
  const email = input.ownerEmail.toLowerCase();
  const find = async (tx: Tx) =>
    first(await tx.select({ id: t.id, passwordHash: t.passwordHash }).from(t).where(eq(t.email, email)));
  let known = await withSystem(ctx.db, find);
  if (known === null) {
    const passwordHash = await hashPassword(input.ownerPassword);
    const row = { id: newId(ctx.clock()), email, name: email.split("@")[0] ?? email, passwordHash };
    known = await withSystem(ctx.db, async (tx) => {
      await tx.insert(t).values(row).onConflictDoNothing();
      return await find(tx);
    });
  }
  if (known === null) throw new CreelError("internal", "The first owner's account could not be made.");
  return { id: known.id, passwordHolds: await verifyPassword(input.ownerPassword, known.passwordHash) };
}

/** Grants that ended stay in the table, so that an org had an owner is known for good. */
async function ensureFirstOwner(tx: Tx, ctx: Ctx, of: { orgId: string; userId: string }): Promise<boolean> {
  const { orgId, userId } = of;
  const g = tables.roleGrants;
  await lockPeople(tx, orgId);
  const ever = await tx
    .select({ id: g.id })
    .from(g)
    .where(and(eq(g.orgId, orgId), eq(g.role, "owner")))
    .limit(1);
  if (ever.length > 0) return false;
  await makeFirstOwner(tx, { orgId, userId, by: "bootstrap", now: ctx.clock() });
  return true;
}

async function ensureToken(
  tx: Tx,
  ctx: Ctx,
  { orgId, userId, token }: { orgId: string; userId: string; token: string | undefined },
): Promise<{ made: boolean; holds: boolean }> {
  const prefix = token === undefined ? null : apiTokenPrefix(token);
  if (token === undefined || prefix === null) return { made: false, holds: false };
  const t = tables.apiTokens;
  const now = ctx.clock();
  const id = newId(now);
  const row = {
    orgId,
    id,
    kinId: id,
    name: "bootstrap",
    ownerUserId: userId,
    role: "owner",
    prefix,
    createdBy: "bootstrap",
    createdAt: now,
  };
  const tokenHash = hashToken(token);
  const made = await tx
    .insert(t)
    .values({ ...row, tokenHash })
    .onConflictDoNothing()
    .returning({ id: t.id });
  const valid = and(isNull(t.revokedAt), or(isNull(t.expiresAt), gt(t.expiresAt, now)));
  const holding = await tx
    .select({ id: t.id })
    .from(t)
    .where(and(eq(t.orgId, orgId), eq(t.tokenHash, tokenHash), valid));
  return { made: made.length > 0, holds: holding.length > 0 };
}

async function ensurePolicy(
  tx: Tx,
  ctx: Ctx,
  orgId: string,
  input: Input,
): Promise<{ id: string | null; created: boolean }> {
  if (input.policy === undefined) return { id: null, created: false };
  const t = tables.policies;
  const { name, yaml } = input.policy;
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`bootstrap:${orgId}`}, 0))`);
  const known = first(
    await tx
      .select({ id: t.id })
      .from(t)
      .where(and(eq(t.orgId, orgId), eq(t.name, name))),
  );
  if (known !== null) return { id: known.id, created: false };
  return { id: await insertPolicy(tx, ctx, { orgId, name, yaml, message: "The first version." }), created: true };
}
