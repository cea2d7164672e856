import { and, eq, isNull, notify, tables, withOrg } from "@creel/db";
import { z } from "zod";
import { changesOf, recordAudit } from "../audit/record.ts";
import { notFound } from "../errors/errors.ts";
import { first } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { groupKeySchema } from "./group.ts";
import { oneGroup } from "./one.ts";

export const restoreInput = z.strictObject({ groupKey: groupKeySchema });

/** Shows a group again that was taken out of the inbox. */
export const restore = defineVerb({
  name: "inbox.restore",
  kind: "mutation",
  gate: { by: "person", action: "create", on: "exception" },
  input: restoreInput,
  run: async (ctx, { groupKey }): Promise<{ groupKey: string }> => {
    const { orgId } = ctx.actor;
    const { inboxMarks: m } = tables;
    return await withOrg(ctx.db, orgId, async (tx) => {
      const { label } = await oneGroup(tx, { actor: ctx.actor, groupKey, now: ctx.clock() });
      const inForce = and(eq(m.orgId, orgId), eq(m.groupKey, groupKey), isNull(m.sandboxId), isNull(m.endedAt));
      const mark = first(await tx.select().from(m).where(inForce).for("update"));
      if (mark === null) throw notFound();
      const set = { endedAt: ctx.clock() };
      await tx.update(m).set(set).where(inForce);
      await recordAudit(tx, ctx, orgId, {
        action: "inbox.restore",
        resource: { kind: "inbox", id: mark.id, label },
        changes: changesOf("inboxMarks", mark, { ...mark, ...set }),
      });
      await notify(tx, { orgId, topic: "exceptions" });
      return { groupKey };
    });
  },
});
