import { and, eq, gt, isNull, or, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { underPeopleLock } from "../auth/actorNow.ts";
import type { Scope } from "../authz/grant.ts";
import { expectHolds } from "../authz/holds.ts";
import { roleByKey } from "../authz/roleByKey.ts";
import { personOf } from "../context.ts";
import { notFound } from "../errors/errors.ts";
import { first, storedOrNull } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { endGrant } from "./endGrant.ts";

export const endInput = z.strictObject({ grantId: z.uuid() });

/** Takes a right away, and with it the sign-ins of whomever it reached: what they see next, they see with what is left. */
export const end = defineVerb({
  name: "grant.end",
  kind: "mutation",
  gate: { by: "person", action: "delete", on: "grant" },
  input: endInput,
  run: async (ctx, { grantId }): Promise<{ sessionsEnded: number }> => {
    const { orgId } = ctx.actor;
    const g = tables.roleGrants;
    const now = ctx.clock();
    return await withOrg(ctx.db, orgId, async (tx) => {
      const { actor } = await underPeopleLock(tx, ctx, { action: "delete", on: "grant" });
      const mine = and(
        eq(g.orgId, orgId),
        eq(g.id, grantId),
        isNull(g.endedAt),
        or(isNull(g.expiresAt), gt(g.expiresAt, now)),
      );
      const row = first(await tx.select().from(g).where(mine));
      if (row === null) throw notFound();
      const role = await roleByKey(tx, { orgId, key: row.role ?? row.customRoleId ?? "" });
      const scope = storedOrNull<Scope>(row.scope);
      // What one holds oneself one may always lay down.
      if (row.userId === null || row.userId !== personOf(ctx.actor))
        expectHolds(actor, [{ permissions: role.permissions, scope, expiresAt: row.expiresAt }]);
      return { sessionsEnded: await endGrant(tx, ctx, row, now) };
    });
  },
});
