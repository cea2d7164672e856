import { addRule } from "@creel/policy";
import { z } from "zod";
import { decisionIdSchema } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import type { AllowProposal } from "../views.ts";
import { proposal, saidOf } from "./proposal.ts";

export const proposeAllowInput = z.strictObject({ decisionId: decisionIdSchema });

/** The smallest edit of the sandbox's policy that lets through what this decision refused. Changes nothing. */
export const proposeAllow = defineVerb({
  name: "policy.proposeAllow",
  kind: "query",
  gate: { by: "person", action: "read", on: "policy" },
  input: proposeAllowInput,
  run: async (ctx, { decisionId }): Promise<AllowProposal> =>
    await proposal(ctx, decisionId, {
      edit: (yaml, rule) => addRule(yaml, rule),
      sentence: (rule, policyName) => `Lets ${saidOf(rule)} in every sandbox that uses the policy ${policyName}.`,
    }),
});
