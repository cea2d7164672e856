import { z } from "zod";
import { decisionIdSchema } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import type { AllowProposal } from "../views.ts";

export const proposeAllowInput = z.strictObject({ decisionId: decisionIdSchema });

export const proposeAllow = defineVerb({
  name: "policy.proposeAllow",
  kind: "query",
  gate: { by: "person", action: "read", on: "policy" },
  input: proposeAllowInput,
  run: async (): Promise<AllowProposal> => {
    throw new Error("not written yet");
  },
});
