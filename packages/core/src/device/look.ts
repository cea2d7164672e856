import { withOrg, withSystem } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { iso } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import type { DeviceLoginView } from "../views.ts";
import { countCodeTry, findWaiting, unknownCode } from "./find.ts";

export const userCodeSchema = z.string().max(32);
export const lookInput = z.strictObject({ userCode: userCodeSchema });

/** What waits with this code, before anybody confirms it. A mutation, for it counts: nobody guesses by links that are followed unseen. */
export const look = defineVerb({
  name: "device.look",
  kind: "mutation",
  gate: { by: "self" },
  input: lookInput,
  run: async (ctx, { userCode }): Promise<DeviceLoginView> => {
    const { orgId, userId, email } = ctx.actor;
    await countCodeTry(ctx);
    const row = await withSystem(ctx.db, async (tx) => await findWaiting(tx, { userCode, now: ctx.clock() }));
    // Guesses too: whoever guesses stands in the audit of their own org.
    await withOrg(ctx.db, orgId, (tx) =>
      recordAudit(tx, ctx, orgId, {
        action: "device.look",
        resource: { kind: "user", id: userId, label: email },
        changes: { hostName: { to: row?.hostName ?? null } },
      }),
    );
    if (row === null) throw unknownCode();
    return {
      hostName: row.hostName,
      address: row.sourceAddress,
      askedAt: iso(row.createdAt),
      expiresAt: iso(row.expiresAt),
    };
  },
});
