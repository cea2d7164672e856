import { approvalSpecSchema } from "@creel/approvals";
import { newId } from "@creel/db";
import { z } from "zod";
import { instantSchema, submitChange } from "../change/submit.ts";
import type { Outcome } from "../changeViews.ts";
import { notFound } from "../errors/errors.ts";
import { MESSAGE_CHARS_MAX, visibleNameSchema } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import { approvalPolicyChange, modeSchema, standing } from "./change.ts";
import { NAME_CHARS_MAX } from "./limits.ts";

export const saveInput = z.strictObject({
  /** A new one when absent. */
  policyId: z.uuid().optional(),
  // Read by whoever is refused because of it, in titles and in mails. A content that is stored may be older than this rule.
  name: visibleNameSchema(NAME_CHARS_MAX),
  mode: modeSchema,
  spec: approvalSpecSchema,
  message: z.string().max(MESSAGE_CHARS_MAX).default(""),
  applyAt: instantSchema.optional(),
});

/** Makes or changes an approval policy, through a change like any other. */
export const save = defineVerb({
  name: "approvalPolicy.save",
  kind: "mutation",
  gate: { by: "person", action: "propose", on: "approval_policy" },
  proof: true,
  input: saveInput,
  run: async (ctx, { policyId, message, applyAt, ...policy }): Promise<Outcome<{ policyId: string }>> => {
    const submitted = await submitChange(ctx, approvalPolicyChange, {
      content: { policyId: policyId ?? newId(ctx.clock()), policy },
      message,
      applyAt: applyAt ?? null,
      admit: async (at) => {
        if (policyId !== undefined && (await standing(at, policyId)) === null) throw notFound();
      },
    });
    if (submitted.outcome === "proposed") return submitted;
    return { outcome: "applied", changeId: submitted.changeId, ...submitted.result };
  },
});
