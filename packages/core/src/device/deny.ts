import { eq, tables, withOrg, withSystemFor } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { defineVerb } from "../verb.ts";
import { countCodeTry, waitingLogin } from "./find.ts";
import { userCodeSchema } from "./look.ts";

export const denyInput = z.strictObject({ userCode: userCodeSchema });

/** Whoever reads a code that they did not ask for ends it; it gives nothing, so no proof is asked. */
export const deny = defineVerb({
  name: "device.deny",
  kind: "mutation",
  gate: { by: "self" },
  input: denyInput,
  run: async (ctx, { userCode }): Promise<{ ok: true }> => {
    const { orgId, userId } = ctx.actor;
    const t = tables.deviceLogins;
    const now = ctx.clock();
    await countCodeTry(ctx);
    await withSystemFor(ctx.db, { orgId, userId }, async (system) => {
      const row = await waitingLogin(system, { userCode, now });
      const set = { verdict: "denied", decidedAt: now, byUserId: userId, inOrgId: orgId };
      await system.update(t).set(set).where(eq(t.id, row.id));
      await withOrg(ctx.db, orgId, (tx) =>
        recordAudit(tx, ctx, orgId, {
          action: "device.deny",
          resource: { kind: "token", id: row.id, label: row.hostName },
        }),
      );
    });
    return { ok: true };
  },
});
