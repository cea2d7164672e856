import { and, eq, newId, type Tx, tables, withOrg } from "@creel/db";
import { urlProblem } from "@creel/notices/target";
import { z } from "zod";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import { underPeopleLock } from "../auth/actorNow.ts";
import { expectProof } from "../auth/proof.ts";
import { expectHolds } from "../authz/holds.ts";
import { roleByKey, roleKeySchema } from "../authz/roleByKey.ts";
import type { ApiKeyActor, Ctx, UserActor } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { expectUnselected } from "../grant/selected.ts";
import { givenBy } from "../invitation/create.ts";
import type { SingleSignOnView } from "../ssoViews.ts";
import { expectMaySeat } from "../team/reviewers.ts";
import { defineVerb } from "../verb.ts";
import { CLOCK_SKEW_SECONDS_DEFAULT, CLOCK_SKEW_SECONDS_MAX, ISSUER_CHARS_MAX, MAPPINGS_MAX } from "./limits.ts";
import { expectOwner } from "./owner.ts";
import { type ProviderRow, providerOf, sealClientSecret } from "./row.ts";
import { endSignInsOf } from "./sessions.ts";
import { viewOf } from "./view.ts";
import { worldOf } from "./world.ts";

const mappingSchema = z.strictObject({
  value: z.string().min(1).max(256),
  role: roleKeySchema,
  teamId: z.uuid().nullable().default(null),
});

export const saveInput = z.strictObject({
  name: z.string().trim().min(1).max(64),
  issuer: z.url().max(ISSUER_CHARS_MAX),
  clientId: z.string().trim().min(1).max(256),
  /** Left out, the one that is kept stays. */
  clientSecret: z.string().min(1).max(1024).optional(),
  clockSkewSeconds: z.int().min(0).max(CLOCK_SKEW_SECONDS_MAX).default(CLOCK_SKEW_SECONDS_DEFAULT),
  roleClaim: z.string().trim().min(1).max(128).nullable().default(null),
  roleMapping: z.array(mappingSchema).max(MAPPINGS_MAX).default([]),
  defaultRole: roleKeySchema.nullable().default(null),
});
type Input = z.output<typeof saveInput>;

/**
 * Threat: whoever may name the provider says who everybody is. Invariant: it takes proof of who asks, and an owner; a newcomer is mapped to nothing
 * that the asker does not hold, and never to owner; another issuer or client ends what the former one began and has to be tried anew
 * before it may be enforced.
 */
export const save = defineVerb({
  name: "sso.save",
  kind: "mutation",
  gate: { by: "person", action: "update", on: "identity_provider" },
  input: saveInput,
  run: async (ctx, input): Promise<SingleSignOnView> => {
    const { orgId } = ctx.actor;
    const world = worldOf(ctx);
    expectProof(ctx.actor, ctx.clock());
    const problem = issuerProblem(input.issuer, world.trustedHosts);
    if (problem !== null) throw new CreelError("invalid_input", `issuer: The URL ${problem}.`);
    return await withOrg(ctx.db, orgId, async (tx) => {
      const { actor } = await underPeopleLock(tx, ctx, { action: "update", on: "identity_provider" });
      await expectGivable(tx, actor, input, ctx.clock());
      const before = await providerOf(tx, orgId, "update");
      const after = await write(tx, ctx, before, input);
      const moved = before !== null && isAnother(before, after);
      if (before === null || moved) expectOwner(actor);
      const sessionsEnded = moved ? await endSignInsOf(tx, { orgId, providerId: after.id, now: ctx.clock() }) : 0;
      await recordAudit(tx, ctx, orgId, {
        action: "sso.save",
        resource: { kind: "identity_provider", id: after.id, label: after.name },
        changes: { ...changesOf("identityProviders", before, after), sessionsEnded: { to: sessionsEnded } },
      });
      return await viewOf(tx, world, orgId);
    });
  },
});

/** OpenID Connect Discovery 2: an issuer has neither query nor fragment. */
function issuerProblem(issuer: string, trusted: readonly string[]): string | null {
  const problem = urlProblem(issuer, trusted);
  return problem ?? (/[?#]/.test(issuer) ? "must have neither a query nor a fragment" : null);
}

const isAnother = (before: ProviderRow, after: ProviderRow): boolean =>
  before.issuer !== after.issuer || before.clientId !== after.clientId;

async function write(
  tx: Tx,
  ctx: Ctx<UserActor | ApiKeyActor>,
  before: ProviderRow | null,
  { clientSecret, ...input }: Input,
): Promise<ProviderRow> {
  const { orgId } = ctx.actor;
  const now = ctx.clock();
  const t = tables.identityProviders;
  const id = before?.id ?? newId(now);
  const moved = before !== null && (before.issuer !== input.issuer || before.clientId !== input.clientId);
  if (moved && before.enforced)
    throw new CreelError("conflict", "While single sign-on is enforced its provider stays. Turn that off first.");
  // A secret is for one issuer: sent to another one, it is given away.
  if (clientSecret === undefined && (before === null || moved))
    throw new CreelError("invalid_input", "clientSecret: give the one that this issuer made for this client.");
  const sealedClientSecret =
    clientSecret === undefined
      ? (before?.sealedClientSecret ?? "")
      : await sealClientSecret(ctx.seal, { orgId, id }, clientSecret);
  const set = { ...input, sealedClientSecret, updatedAt: now, ...(moved ? { provenAt: null } : {}) };
  const made = {
    orgId,
    id,
    enforced: false,
    breakGlassUserId: null,
    createdBy: describeActor(ctx.actor).label,
    createdAt: now,
    provenAt: null,
    lastSignInAt: null,
    removedAt: null,
  };
  if (before === null) {
    const row = { ...made, ...set };
    await tx.insert(t).values(row);
    return row;
  }
  await tx
    .update(t)
    .set(set)
    .where(and(eq(t.orgId, orgId), eq(t.id, id)));
  return { ...before, ...set };
}

/** Nobody hands out through a provider what they could not hand out themselves. */
async function expectGivable(tx: Tx, actor: UserActor | ApiKeyActor, input: Input, now: Date): Promise<void> {
  const { orgId } = actor;
  const offers = input.roleMapping.map(({ role, teamId }) => ({ key: role, teamId }));
  if (input.defaultRole !== null) offers.push({ key: input.defaultRole, teamId: null });
  for (const { key, teamId } of offers) {
    if (key === "owner")
      throw new CreelError("invalid_input", "roleMapping: a provider makes nobody an owner; an owner does.");
    const role = await roleByKey(tx, { orgId, key });
    const given = await givenBy(tx, { orgId, role, scope: null, teamId, now });
    expectHolds(actor, given);
    await expectUnselected({ tx, orgId, now }, given, "Map newcomers to less, and give the rest once they are here.");
    if (teamId !== null) await expectMaySeat(tx, actor, { orgId, teamId });
  }
}
