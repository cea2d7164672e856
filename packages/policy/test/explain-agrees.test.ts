/** An explanation never says anything but what was decided. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { traceDecision } from "../src/explain/decision.ts";
import { compilePolicy, decide, explainRequest, parsePolicy } from "../src/index.ts";
import { openPolicy } from "../src/parse.ts";
import { anyRequest, policyText } from "./random-policy.ts";
import { must } from "./support.ts";

const NOW = 0;
/** More than the connection's questions and six answers to each. */
const STEPS_MAX = 64;

test("the random world reaches every decision", () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(policyText, anyRequest, (text, request) => {
      const { decision } = decide(compilePolicy(must(parsePolicy(text))), request, NOW);
      seen.set(decision, (seen.get(decision) ?? 0) + 1);
    }),
    { numRuns: 150, seed: 7 },
  );
  for (const decision of ["allow", "deny", "would_deny"]) expect(seen.get(decision) ?? 0).toBeGreaterThan(3);
});

test("for any file and request: the decision is decide's, and the last step tells it", () => {
  fc.assert(
    fc.property(policyText, anyRequest, (text, request) => {
      const found = explainRequest(text, request, NOW);
      if ("problems" in found) throw new Error(JSON.stringify(found.problems));
      expect(found.decision).toEqual(decide(compilePolicy(must(parsePolicy(text))), request, NOW));
      const last = found.steps.at(-1);
      expect(last?.outcome).toBe(found.decision.decision === "deny" ? "fails" : "holds");
      const told = found.steps.some((step) => step.detail.includes(found.decision.reason));
      expect(told).toBe(true);
      expect(found.steps.length).toBeLessThan(STEPS_MAX);
    }),
    { numRuns: 60 },
  );
});

test("for any file and request: the cause that was traced is the one that decided", () => {
  fc.assert(
    fc.property(policyText, anyRequest, (text, request) => {
      const { policy, at } = openPolicy(text);
      if (policy === null) return;
      const compiled = compilePolicy(policy);
      const decision = decide(compiled, request, NOW);
      const { traced } = traceDecision({ policy, at }, { request, nowMs: NOW, options: {} });
      const context = JSON.stringify({ text, request, decision, cause: traced.cause.kind });
      expect(traced.cause.kind.startsWith("allowed"), context).toBe(decision.decision === "allow");
      if (traced.cause.kind === "denied") expect(decision.reason, context).toContain(traced.cause.ref.at.key);
      // Monitor mode aside, what passes although denied is the audit of the endpoint that the trace found.
      if (policy.mode === "enforce" && traced.cause.kind !== "hard" && decision.decision !== "allow")
        expect(traced.audit !== null, context).toBe(decision.decision === "would_deny");
    }),
    { numRuns: 600 },
  );
});
