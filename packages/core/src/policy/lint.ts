import { POLICY_BYTES_MAX } from "@creel/protocol";
import { z } from "zod";
import { defineVerb } from "../verb.ts";
import type { LintResult } from "../views.ts";

export const lintInput = z.strictObject({ yaml: z.string().max(POLICY_BYTES_MAX) });

export const lint = defineVerb({
  name: "policy.lint",
  kind: "query",
  gate: { by: "person", action: "read", on: "policy" },
  input: lintInput,
  run: async (): Promise<LintResult> => {
    throw new Error("not written yet");
  },
});
