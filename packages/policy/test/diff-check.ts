/** Holds a diff to brute force: each request of a sample is judged under both versions, and looked for in the claims. */
import fc from "fast-check";
import { expect } from "vitest";
import {
  type CompiledPolicy,
  changeCovers,
  compilePolicy,
  decide,
  diffPolicies,
  type PolicyRequest,
  parsePolicy,
} from "../src/index.ts";
import { NOW_MS, TIMES } from "./diff-universe.ts";
import { must } from "./support.ts";

const RUNS = Number(process.env.DIFF_RUNS ?? 12);
/** The checked-in run is the same each time; `DIFF_RUNS=1000` looks for new cases. */
const SEED = 20_260_101;
const passes = (compiled: CompiledPolicy, request: PolicyRequest, nowMs: number) =>
  decide(compiled, request, nowMs).decision === "allow";

function check(before: string, after: string, sample: readonly PolicyRequest[]): void {
  const [a, b] = [must(parsePolicy(before)), must(parsePolicy(after))];
  const diff = diffPolicies(a, b, { nowMs: NOW_MS });
  expect(diff.exact).toBe(true);
  const [old, next] = [compilePolicy(a), compilePolicy(b)];
  for (const change of diff.requests) {
    const covering = diff.requests.filter((other) => TIMES.some((nowMs) => changeCovers(other, change.example, nowMs)));
    expect(covering, JSON.stringify(change.example)).toContain(change);
  }
  for (const request of sample)
    for (const nowMs of TIMES) {
      const [was, is] = [passes(old, request, nowMs), passes(next, request, nowMs)];
      const covering = diff.requests
        .filter((change) => changeCovers(change, request, nowMs))
        .map(({ effect }) => effect);
      const wanted = was === is ? [] : [is ? "allow" : "deny"];
      if (JSON.stringify(covering) !== JSON.stringify(wanted))
        throw new Error(
          `${JSON.stringify(request)} at ${new Date(nowMs).toISOString()}: ${was} -> ${is}, covered by ${JSON.stringify(
            diff.requests.filter((change) => changeCovers(change, request, nowMs)),
            null,
            1,
          )} of ${diff.requests.length}\n${before}\n${after}`,
        );
    }
}

export function holdsFor(pairs: fc.Arbitrary<[string, string]>, requests: fc.Arbitrary<PolicyRequest>): void {
  fc.assert(
    fc.property(pairs, fc.array(requests, { minLength: 60, maxLength: 120, size: "max" }), ([before, after], sample) =>
      check(before, after, sample),
    ),
    {
      numRuns: RUNS,
      ...(process.env.DIFF_RUNS === undefined ? { seed: SEED } : {}),
      endOnFailure: process.env.DIFF_SHRINK === undefined,
    },
  );
}
