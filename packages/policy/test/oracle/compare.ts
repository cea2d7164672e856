import { Random } from "../../fuzz/random.ts";
import { compilePolicy, decide, type PolicyRequest, parsePolicy } from "../../src/browser.ts";
import { evaluate } from "./evaluate.ts";
import { NOW_MS, nearRequest, policyText } from "./generate.ts";

export interface Difference {
  policyText: string;
  request: PolicyRequest;
  engine: string;
  engineReason: string;
  oracle: string;
  oracleStep: string;
}

export interface Comparison {
  requests: number;
  policies: number;
  /** Texts of the generator that the parser refused. */
  refused: number;
  decisions: Record<string, number>;
  differences: Difference[];
}

const REQUESTS_PER_POLICY = 10;

/** Judges near misses both ways. */
export function compare(options: { seed: number; requests: number; differencesMax: number }): Comparison {
  const random = new Random(options.seed);
  const result: Comparison = { requests: 0, policies: 0, refused: 0, decisions: {}, differences: [] };
  while (result.requests < options.requests) {
    const text = policyText(random);
    const { policy } = parsePolicy(text);
    if (policy === null) {
      result.refused += 1;
      continue;
    }
    result.policies += 1;
    const compiled = compilePolicy(policy);
    for (let left = REQUESTS_PER_POLICY; left > 0 && result.requests < options.requests; left--) {
      const request = nearRequest(policy, random);
      result.requests += 1;
      const engine = decide(compiled, request, NOW_MS);
      const oracle = evaluate(policy, request, NOW_MS);
      const step = `${oracle.decision} at ${oracle.step}`;
      result.decisions[step] = (result.decisions[step] ?? 0) + 1;
      if (engine.decision === oracle.decision || result.differences.length >= options.differencesMax) continue;
      result.differences.push({
        policyText: text,
        request,
        engine: engine.decision,
        engineReason: engine.reason,
        oracle: oracle.decision,
        oracleStep: oracle.step,
      });
    }
  }
  return result;
}
