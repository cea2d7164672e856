import { and, eq, newId, sql, type Tx, tables, withOrg, withSystem } from "@creel/db";
import { POLICY_BYTES_MAX } from "@creel/protocol";
import { z } from "zod";
import { ensureFirstPolicy } from "../approvalPolicy/first.ts";
import { recordAudit } from "../audit/record.ts";
import type { Ctx } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { passwordSchema, slugSchema } from "../limits.ts";
import { insertPolicy } from "../policy/insert.ts";
import { hashPassword, verifyPassword } from "../secrets/password.ts";
import { apiTokenPrefix, hashToken } from "../secrets/tokens.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";

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

/**
 * Makes an org that a person can sign in to. The caller keeps the password and the token; called again with the same,
 * nothing changes, and called again after a start that died half way, what is missing is added.
 */
export const bootstrap = defineVerb({
  name: "org.bootstrap",
  kind: "mutation",
  gate: { by: "system" },
  input: bootstrapInput,
  run: async (ctx, input): Promise<{ orgId: string; userId: string; policyId: string | null; created: boolean }> => {
    if (input.apiToken !== undefined && apiTokenPrefix(input.apiToken) === null)
      throw new CreelError("invalid_input", "apiToken: not a token of makeApiToken(); its checksum does not hold.");
    const org = await ensureOrg(ctx, input);
    const userId = await ensureUser(ctx, input);
    const rest = await withOrg(ctx.db, org.id, async (tx) => {
      const member = await ensureOwner(tx, ctx, { orgId: org.id, userId });
      const token = await ensureToken(tx, ctx, { orgId: org.id, userId, token: input.apiToken });
      const policy = await ensurePolicy(tx, ctx, org.id, input);
      await ensureFirstPolicy(tx, { orgId: org.id, now: ctx.clock() });
      if (org.created || member || token || policy.created)
        await recordAudit(tx, ctx, org.id, {
          action: "org.bootstrap",
          resource: { kind: "org", id: org.id, label: input.slug },
          changes: { owner: { to: input.ownerEmail } },
        });
      return policy;
    });
    return { orgId: org.id, userId, policyId: rest.id, created: org.created };
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

async function ensureUser(ctx: Ctx, input: Input): Promise<string> {
  const t = tables.users;
  const email = input.ownerEmail.toLowerCase();
  const find = async (tx: Tx) =>
    first(await tx.select({ id: t.id, passwordHash: t.passwordHash }).from(t).where(eq(t.email, email)));
  const known = await withSystem(ctx.db, find);
  if (known !== null && (await verifyPassword(input.ownerPassword, known.passwordHash))) return known.id;
  const passwordHash = await hashPassword(input.ownerPassword);
  return await withSystem(ctx.db, async (tx) => {
    const id = newId(ctx.clock());
    await tx
      .insert(t)
      .values({ id, email, name: email.split("@")[0] ?? email, passwordHash })
      .onConflictDoUpdate({ target: t.email, set: { passwordHash } });
    return (await find(tx))?.id ?? id;
  });
}

async function ensureOwner(tx: Tx, ctx: Ctx, { orgId, userId }: { orgId: string; userId: string }): Promise<boolean> {
  const made = await tx
    .insert(tables.memberships)
    .values({ orgId, userId })
    .onConflictDoNothing()
    .returning({ userId: tables.memberships.userId });
  if (made.length === 0) return false;
  await tx.insert(tables.roleGrants).values({
    orgId,
    id: newId(ctx.clock()),
    userId,
    role: "owner",
    reason: "Founded the organization.",
    grantedBy: "bootstrap",
    createdAt: ctx.clock(),
  });
  return true;
}

async function ensureToken(
  tx: Tx,
  ctx: Ctx,
  { orgId, userId, token }: { orgId: string; userId: string; token: string | undefined },
): Promise<boolean> {
  const prefix = token === undefined ? null : apiTokenPrefix(token);
  if (token === undefined || prefix === null) return false;
  const t = tables.apiTokens;
  const now = ctx.clock();
  const row = {
    orgId,
    id: newId(now),
    name: "bootstrap",
    ownerUserId: userId,
    role: "owner",
    prefix,
    createdBy: "bootstrap",
    createdAt: now,
  };
  const made = await tx
    .insert(t)
    .values({ ...row, tokenHash: hashToken(token) })
    .onConflictDoNothing()
    .returning({ id: t.id });
  return made.length > 0;
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
