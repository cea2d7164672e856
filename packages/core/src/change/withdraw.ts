import { refusal } from "@creel/approvals";
import { z } from "zod";
import type { ChangeMoved } from "../changeViews.ts";
import { personOf } from "../context.ts";
import { CreelError } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import { authorizeOver } from "./authority.ts";
import { partiesOf } from "./count.ts";
import { move } from "./end.ts";
import { COMMENT_CHARS_MAX } from "./limits.ts";
import { asTheyStand } from "./proposer.ts";
import { wrote } from "./reopen.ts";
import { lockChange, stateOf, touchesOf } from "./row.ts";
import { serializably } from "./transact.ts";

export const withdrawInput = z.strictObject({
  changeId: z.uuid(),
  reason: z.string().max(COMMENT_CHARS_MAX).default(""),
});

/** Takes a waiting change back: whoever wrote it, or somebody who may delete and approve over all that it touches. */
export const withdraw = defineVerb({
  name: "change.withdraw",
  kind: "mutation",
  gate: { by: "person", action: "delete", on: "change" },
  input: withdrawInput,
  run: async (ctx, input): Promise<ChangeMoved> => {
    const { orgId } = ctx.actor;
    const row = await serializably(ctx, orgId, async (tx) => {
      const change = await lockChange(tx, { orgId, changeId: input.changeId });
      const { actor } = await asTheyStand(tx, ctx, { action: "delete", on: "change" });
      authorizeOver(actor, { action: "delete", on: "change", touches: touchesOf(change) });
      const me = personOf(ctx.actor);
      const mine = (await partiesOf(tx, change)).some((party) => party.userId === me && wrote(party));
      // Whoever could reject it may as well take it back.
      if (!mine) authorizeOver(actor, { action: "approve", on: "change", touches: touchesOf(change) });
      const over = refusal(stateOf(change), "withdraw");
      if (over !== null) throw new CreelError("conflict", over);
      return await move(tx, ctx, change, { event: "withdraw", action: "change.withdraw", reason: input.reason });
    });
    return { changeId: row.id, state: stateOf(row), reason: row.endedReason, planIds: [] };
  },
});
