import { z } from "zod";
import { submitChange } from "../change/submit.ts";
import type { Outcome } from "../changeViews.ts";
import { notFound } from "../errors/errors.ts";
import { MESSAGE_CHARS_MAX } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import { approvalPolicyChange, standing } from "./change.ts";

export const removeInput = z.strictObject({
  policyId: z.uuid(),
  message: z.string().max(MESSAGE_CHARS_MAX).default(""),
});

export const remove = defineVerb({
  name: "approvalPolicy.remove",
  kind: "mutation",
  gate: { by: "person", action: "propose", on: "approval_policy" },
  proof: true,
  input: removeInput,
  run: async (ctx, { policyId, message }): Promise<Outcome<{ policyId: string }>> => {
    const submitted = await submitChange(ctx, approvalPolicyChange, {
      content: { policyId, policy: null },
      message,
      admit: async (at) => {
        if ((await standing(at, policyId)) === null) throw notFound();
      },
    });
    if (submitted.outcome === "proposed") return submitted;
    return { outcome: "applied", changeId: submitted.changeId, ...submitted.result };
  },
});
