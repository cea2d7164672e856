import { and, eq, isNull, newId, type Tx, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import { underPeopleLock } from "../auth/actorNow.ts";
import { authorize } from "../authz/authorize.ts";
import { permissionsSchema, scopeSchema } from "../authz/fields.ts";
import { expectHolds } from "../authz/holds.ts";
import { rolePermissions, roles } from "../authz/roles.ts";
import type { ApiKeyActor, UserActor } from "../context.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { apiTokenPrefix, hashToken, makeApiToken } from "../secrets/tokens.ts";
import { defineVerb } from "../verb.ts";
import type { TokenView } from "../views.ts";
import { birthOf } from "./family.ts";
import { keyNameSchema } from "./name.ts";
import { expectRoomForKeys } from "./own.ts";
import { tokenViews } from "./view.ts";

export const createInput = z.strictObject({
  name: keyNameSchema,
  /** At most what this role may. */
  role: z.enum(roles).optional(),
  /** At most these; instead of a role. */
  permissions: permissionsSchema.optional(),
  /** At most over things with these labels. */
  scope: scopeSchema.optional(),
  /** Whose it is; the caller's own when absent. */
  serviceAccountId: z.uuid().optional(),
  expiresInDays: z.number().int().min(1).max(3650).optional(),
});

const DAY_MS = 24 * 60 * 60 * 1000;

/** A key of one's own gives nothing that one does not have. A key that makes keys could outlive itself by them. */
const gateOf = (actor: UserActor | ApiKeyActor, forAccount: boolean) =>
  actor.kind !== "user" || forAccount ? ({ action: "create", on: "token" } as const) : null;

/**
 * Threat: somebody makes a key wider than their own rights, for an owner who holds little today, and waits for more.
 * Invariant: the bounds of a key for another owner, or that a key makes, lie within what its maker holds at this moment: permissions,
 * scope and end, whatever the owner holds. They stand in the key's row and nothing widens them.
 */
export const create = defineVerb({
  name: "token.create",
  kind: "mutation",
  gate: { by: "member" },
  proof: true,
  input: createInput,
  run: async (ctx, input): Promise<{ token: string; view: TokenView }> => {
    const { orgId } = ctx.actor;
    const now = ctx.clock();
    const gate = gateOf(ctx.actor, input.serviceAccountId !== undefined);
    if (gate !== null) authorize(ctx, gate.action, gate.on);
    if ((input.role === undefined) === (input.permissions === undefined))
      throw new CreelError("invalid_input", "A key needs either a role or a list of permissions.");
    const token = makeApiToken();
    const owner = ownerFor(ctx.actor, input.serviceAccountId);
    const scope = input.scope ?? null;
    const id = newId(now);
    const row = {
      orgId,
      id,
      name: input.name,
      ownerUserId: owner.kind === "user" ? owner.id : null,
      ownerServiceAccountId: owner.kind === "service_account" ? owner.id : null,
      role: input.role ?? null,
      permissions: input.permissions ?? null,
      scope,
      prefix: apiTokenPrefix(token) ?? "",
      tokenHash: hashToken(token),
      rotatedFrom: null,
      createdBy: describeActor(ctx.actor).label,
      createdAt: now,
      lastUsedAt: null,
      expiresAt: input.expiresInDays === undefined ? null : new Date(now.getTime() + input.expiresInDays * DAY_MS),
      revokedAt: null,
    };
    const view = await withOrg(ctx.db, orgId, async (tx) => {
      const { actor } = await underPeopleLock(tx, ctx, gate);
      if (owner.kind === "service_account") await expectServiceAccount(tx, { orgId, serviceAccountId: owner.id });
      const permissions = input.role === undefined ? new Set(input.permissions) : rolePermissions(input.role);
      if (gate !== null) expectHolds(actor, [{ permissions, scope, expiresAt: row.expiresAt }]);
      await tx.insert(tables.apiTokens).values({ ...row, ...(await birthOf(tx, actor, row)) });
      await expectRoomForKeys(tx, { orgId, owner, now });
      await recordAudit(tx, ctx, orgId, {
        action: "token.create",
        resource: { kind: "token", id: row.id, label: row.name },
        changes: changesOf("apiTokens", null, row),
      });
      const [made] = await tokenViews(tx, { orgId, tokenId: row.id, now });
      if (made === undefined) throw notFound();
      return made;
    });
    return { token, view };
  },
});

/** A key that makes a key makes it for the same owner, so nothing is left of the maker's end. */
export function ownerFor(actor: UserActor | ApiKeyActor, serviceAccountId: string | undefined): ApiKeyActor["owner"] {
  if (serviceAccountId !== undefined) return { kind: "service_account", id: serviceAccountId };
  return actor.kind === "user" ? { kind: "user", id: actor.userId } : actor.owner;
}

async function expectServiceAccount(tx: Tx, of: { orgId: string; serviceAccountId: string }): Promise<void> {
  const s = tables.serviceAccounts;
  const found = await tx
    .select({ id: s.id })
    .from(s)
    .where(and(eq(s.orgId, of.orgId), eq(s.id, of.serviceAccountId), isNull(s.disabledAt)));
  if (found.length === 0) throw notFound();
}
