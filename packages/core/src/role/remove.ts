import { and, eq, isNull, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { underPeopleLock } from "../auth/actorNow.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { holdersOf } from "./update.ts";

export const removeInput = z.strictObject({ roleId: z.uuid() });

export const remove = defineVerb({
  name: "role.remove",
  kind: "mutation",
  gate: { by: "person", action: "delete", on: "role" },
  input: removeInput,
  run: async (ctx, { roleId }): Promise<{ ok: true }> => {
    const { orgId } = ctx.actor;
    const t = tables.customRoles;
    const now = ctx.clock();
    await withOrg(ctx.db, orgId, async (tx) => {
      await underPeopleLock(tx, ctx, { action: "delete", on: "role" });
      const mine = and(eq(t.orgId, orgId), eq(t.id, roleId), isNull(t.removedAt));
      const before = first(await tx.select().from(t).where(mine).for("update"));
      if (before === null) throw notFound();
      // Ending grants is an act for each of them: it signs people out, and may not be anybody's to do.
      const { grants } = await holdersOf(tx, { orgId, roleId, now });
      if (grants.length > 0)
        throw new CreelError(
          "conflict",
          `${before.name} is still granted ${grants.length} times. End those grants first.`,
        );
      await tx.update(t).set({ removedAt: now }).where(mine);
      await recordAudit(tx, ctx, orgId, {
        action: "role.remove",
        resource: { kind: "role", id: roleId, label: before.name },
        changes: changesOf("customRoles", before, { ...before, removedAt: now }),
      });
    });
    return { ok: true };
  },
});
