import { parsePolicy, policyDigest } from "@creel/policy";
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
  run: async (_ctx, { yaml }): Promise<LintResult> => {
    const { policy, problems } = parsePolicy(yaml);
    const ok = policy !== null && problems.every((problem) => problem.severity !== "error");
    return { ok, digest: policy === null ? null : policyDigest(policy), problems };
  },
});
