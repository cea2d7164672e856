import { lintPolicy, parsePolicy, policyDigest } from "@creel/policy";
import { POLICY_BYTES_MAX } from "@creel/protocol";
import { z } from "zod";
import { defineVerb } from "../verb.ts";
import type { LintResult } from "../views.ts";

export const lintInput = z.strictObject({ yaml: z.string().max(POLICY_BYTES_MAX) });

/** What reading finds, what a reviewer may have missed, and the file's own tests that fail. `ok`: it could be saved. */
export const lint = defineVerb({
  name: "policy.lint",
  kind: "query",
  gate: { by: "person", action: "read", on: "policy" },
  input: lintInput,
  run: async (ctx, { yaml }): Promise<LintResult> => {
    const { policy } = parsePolicy(yaml);
    const problems = lintPolicy(yaml, ctx.clock().getTime());
    const ok = policy !== null && problems.every((problem) => problem.severity !== "error");
    return { ok, digest: policy === null ? null : policyDigest(policy), problems };
  },
});
