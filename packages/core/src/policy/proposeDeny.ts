import { addDeny } from "@creel/policy";
import { z } from "zod";
import { decisionIdSchema, MESSAGE_CHARS_MAX } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import type { AllowProposal } from "../views.ts";
import { proposal, saidOf } from "./proposal.ts";

export const proposeDenyInput = z.strictObject({
  decisionId: decisionIdSchema,
  /** Stands beside the rule, for whoever reads the policy later. */
  reason: z.string().trim().max(MESSAGE_CHARS_MAX).default(""),
});

/** The smallest edit of the sandbox's policy that denies what this decision refused whatever else it allows. Changes nothing. */
export const proposeDeny = defineVerb({
  name: "policy.proposeDeny",
  kind: "query",
  gate: { by: "person", action: "read", on: "policy" },
  input: proposeDenyInput,
  run: async (ctx, { decisionId, reason }): Promise<AllowProposal> =>
    await proposal(ctx, decisionId, {
      edit: (yaml, rule) => addDeny(yaml, rule, reason === "" ? "Denied for good from the inbox." : reason),
      sentence: (rule, policyName) =>
        `Denies ${saidOf(rule)}, and what differs from it in identifiers alone, in every sandbox that uses the policy ${policyName}, whatever another rule allows.`,
    }),
});
