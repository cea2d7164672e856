import { and, eq, isNull, type Tx, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { underPeopleLock } from "../auth/actorNow.ts";
import { permissionsSchema } from "../authz/fields.ts";
import type { Scope } from "../authz/grant.ts";
import { grantsOfCustomRole, knownPermissions } from "../authz/grantsOf.ts";
import { expectHolds } from "../authz/holds.ts";
import { endSessions, expectSound, reachedBy } from "../authz/people.ts";
import { notFound } from "../errors/errors.ts";
import { expectUnselected } from "../grant/selected.ts";
import { scopesOffered } from "../invitation/sender.ts";
import { MESSAGE_CHARS_MAX } from "../limits.ts";
import { providerOf } from "../sso/row.ts";
import { mappingOf } from "../sso/view.ts";
import { first, storedOrNull } from "../stored.ts";
import { defineVerb } from "../verb.ts";

export const updateInput = z.strictObject({
  roleId: z.uuid(),
  description: z.string().max(MESSAGE_CHARS_MAX).optional(),
  permissions: permissionsSchema,
});

/** Changes what everybody holds who was granted it: giving and taking at once, by the rules of both. */
export const update = defineVerb({
  name: "role.update",
  kind: "mutation",
  gate: { by: "person", action: "update", on: "role" },
  proof: true,
  input: updateInput,
  run: async (ctx, input): Promise<{ sessionsEnded: number }> => {
    const { orgId } = ctx.actor;
    const t = tables.customRoles;
    const now = ctx.clock();
    return await withOrg(ctx.db, orgId, async (tx) => {
      const { actor } = await underPeopleLock(tx, ctx, { action: "update", on: "role" });
      const mine = and(eq(t.orgId, orgId), eq(t.id, input.roleId), isNull(t.removedAt));
      const before = first(await tx.select().from(t).where(mine).for("update"));
      if (before === null) throw notFound();
      const [had, has] = [knownPermissions(before.permissions), new Set(input.permissions)];
      const added = new Set(input.permissions.filter((permission) => !had.has(permission)));
      const taken = new Set([...had].filter((permission) => !has.has(permission)));
      const holders = await holdersOf(tx, { orgId, roleId: input.roleId, now });
      const touched = new Set([...added, ...taken]);
      expectHolds(
        actor,
        holders.grants.map(({ scope, expiresAt }) => ({ permissions: touched, scope, expiresAt })),
      );
      // Whom it is promised to will hold what it is then, and nobody judges that again for a newcomer by the provider.
      const promised = await promisedOver(tx, { orgId, roleId: input.roleId, now });
      expectHolds(
        actor,
        promised.map((scope) => ({
          permissions: added,
          scope,
          expiresAt: null,
        })),
      );
      if (added.size > 0)
        await expectUnselected(
          { tx, orgId, now },
          [...holders.grants.map(({ scope }) => scope), ...promised].map((scope) => ({ permissions: has, scope })),
          "Make another role, and give that.",
        );
      const after = {
        ...before,
        permissions: input.permissions,
        description: input.description ?? before.description,
        updatedAt: now,
      };
      const { permissions, description, updatedAt } = after;
      await tx.update(t).set({ permissions, description, updatedAt }).where(mine);
      await expectSound(tx, { orgId, userIds: holders.userIds, now });
      const sessionsEnded = taken.size === 0 ? 0 : await endSessions(tx, { orgId, userIds: holders.userIds, now });
      await recordAudit(tx, ctx, orgId, {
        action: "role.update",
        resource: { kind: "role", id: before.id, label: before.name },
        changes: { ...changesOf("customRoles", before, after), sessionsEnded: { to: sessionsEnded } },
      });
      return { sessionsEnded };
    });
  },
});

/** The scopes over which somebody who holds it not yet will: by an open invitation, or by the provider's mapping. */
async function promisedOver(tx: Tx, of: { orgId: string; roleId: string; now: Date }): Promise<(Scope | null)[]> {
  const offered = await scopesOffered(tx, of);
  const provider = await providerOf(tx, of.orgId);
  if (provider === null) return offered;
  const mapped = [provider.defaultRole, ...mappingOf(provider).map(({ role }) => role)];
  return mapped.includes(of.roleId) ? [...offered, null] : offered;
}

/** Everybody who holds a custom role now, by grants of their own or of their teams. */
export async function holdersOf(tx: Tx, of: { orgId: string; roleId: string; now: Date }) {
  const rows = await grantsOfCustomRole(tx, of);
  const userIds = new Set<string>();
  for (const row of rows) for (const userId of await reachedBy(tx, row)) userIds.add(userId);
  const grants = rows.map(({ scope, expiresAt }) => ({ scope: storedOrNull<Scope>(scope), expiresAt }));
  return { grants, userIds: [...userIds] };
}
