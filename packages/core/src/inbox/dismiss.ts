import { withOrg } from "@creel/db";
import { z } from "zod";
import { authorizeOn } from "../authz/authorize.ts";
import type { Labels } from "../authz/grant.ts";
import { CreelError } from "../errors/errors.ts";
import { MESSAGE_CHARS_MAX } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import { groupKeySchema } from "./group.ts";
import { markGroup } from "./mark.ts";
import { oldest } from "./oldest.ts";
import { oneGroup } from "./one.ts";
import { askedBy } from "./seen.ts";
import { OTHERS_SENTENCE } from "./view.ts";

export const dismissInput = z.strictObject({
  groupKey: groupKeySchema,
  /** `dismissed`: denied for good, and shown no more. `handled`: shown again when it is denied again. */
  as: z.enum(["dismissed", "handled"]).default("dismissed"),
  reason: z.string().trim().min(1, "say why").max(MESSAGE_CHARS_MAX),
});

/**
 * Takes a group out of the inbox. It changes nothing of what is denied, but hides it from others: so it needs the right to grant in every
 * sandbox that asked for it, also in those that the actor does not see.
 */
export const dismiss = defineVerb({
  name: "inbox.dismiss",
  kind: "mutation",
  gate: { by: "person", action: "create", on: "exception" },
  input: dismissInput,
  run: async (ctx, { groupKey, as, reason }): Promise<{ groupKey: string }> => {
    const { orgId } = ctx.actor;
    return await withOrg(ctx.db, orgId, async (tx) => {
      const now = ctx.clock();
      const { label, others } = await oneGroup(tx, { actor: ctx.actor, groupKey, now });
      if (others && as === "dismissed")
        throw new CreelError("conflict", `${OTHERS_SENTENCE} They can be put aside, and not for good.`);
      // Of everybody's sandboxes: whoever hides it, hides it from all.
      const everywhere = await tx.execute<{ sandbox_id: string; labels: Labels }>(
        askedBy({ orgId, since: oldest(now), groupKey }),
      );
      for (const { labels } of everywhere) authorizeOn(ctx.actor, { action: "create", kind: "exception", labels });
      await markGroup(tx, ctx, { orgId, groupKey, label, kind: as, reason, action: "inbox.dismiss" });
      return { groupKey };
    });
  },
});
