import { refusal } from "@creel/approvals";
import { z } from "zod";
import type { ChangeMoved } from "../changeViews.ts";
import { CreelError } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import { authorizeOver } from "./authority.ts";
import { planNodes } from "./plan.ts";
import { asTheyStand } from "./proposer.ts";
import { lockChange, stateOf, touchesOf } from "./row.ts";
import { settle } from "./settle.ts";
import { serializably } from "./transact.ts";

export const applyInput = z.strictObject({ changeId: z.uuid() });

/** Looks again whether an approved change can be applied now; its time, a freeze and the rights of this moment decide. */
export const apply = defineVerb({
  name: "change.applyNow",
  kind: "mutation",
  gate: { by: "person", action: "apply", on: "change" },
  input: applyInput,
  run: async (ctx, input): Promise<ChangeMoved> => {
    const { orgId } = ctx.actor;
    const row = await serializably(ctx, orgId, async (tx) => {
      const change = await lockChange(tx, { orgId, changeId: input.changeId });
      const { actor } = await asTheyStand(tx, ctx, { action: "apply", on: "change" });
      authorizeOver(actor, { action: "apply", on: "change", touches: touchesOf(change) });
      if (stateOf(change) !== "approved")
        throw new CreelError("conflict", refusal(stateOf(change), "apply") ?? "The change is not approved.");
      return await settle(tx, ctx, change);
    });
    const planIds = row.state === "applied" ? await planNodes(ctx, { orgId, changeId: row.id }) : [];
    return { changeId: row.id, state: stateOf(row), reason: row.endedReason, planIds };
  },
});
