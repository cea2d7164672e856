import { eq, tables, withOrg, withSystemFor } from "@creel/db";
import { z } from "zod";
import { recordAudit } from "../audit/record.ts";
import { expectStillOpen } from "../auth/lockSignIns.ts";
import { roles } from "../authz/roles.ts";
import { defineVerb } from "../verb.ts";
import { countCodeTry, waitingLogin } from "./find.ts";
import { TOKEN_HOURS_DEFAULT, TOKEN_HOURS_MAX } from "./limits.ts";
import { userCodeSchema } from "./look.ts";

export const approveInput = z.strictObject({
  userCode: userCodeSchema,
  /** At most what this role may; an owner's is all that the person may themselves. */
  role: z.enum(roles).default("owner"),
  hours: z.number().int().min(1).max(TOKEN_HOURS_MAX).default(TOKEN_HOURS_DEFAULT),
});

/**
 * Threat: an open screen, a stolen cookie or a link in a mail confirms a program of somebody else's; two people confirm one. Invariant:
 * only a person, by a sign-in that is open and was proved a moment ago, confirms a code that they type; one answer counts, and the
 * token is theirs, in the org they are in.
 */
export const approve = defineVerb({
  name: "device.approve",
  kind: "mutation",
  gate: { by: "self" },
  proof: true,
  input: approveInput,
  run: async (ctx, { userCode, role, hours }): Promise<{ hostName: string }> => {
    const { orgId, userId } = ctx.actor;
    const t = tables.deviceLogins;
    const now = ctx.clock();
    await countCodeTry(ctx);
    return await withSystemFor(ctx.db, { orgId, userId }, async (system) => {
      // Under the lock that a new password and signing out everywhere take: what they ended confirms nothing any more.
      await expectStillOpen(system, ctx.actor, now);
      const row = await waitingLogin(system, { userCode, now });
      const set = { verdict: "approved", decidedAt: now, byUserId: userId, inOrgId: orgId, role, hours };
      await system.update(t).set(set).where(eq(t.id, row.id));
      await withOrg(ctx.db, orgId, (tx) =>
        recordAudit(tx, ctx, orgId, {
          action: "device.approve",
          resource: { kind: "token", id: row.id, label: row.hostName },
          changes: { hostName: { to: row.hostName }, role: { to: role }, hours: { to: hours } },
        }),
      );
      return { hostName: row.hostName };
    });
  },
});
