import { Random } from "../../fuzz/random.ts";
import { compilePolicy, decide, type PolicyRequest, parsePolicy } from "../../src/browser.ts";
import { cedarEntries, cedarJudge, cedarRequest, creelFileOf } from "./cedar.ts";

const REQUESTS_PER_POLICY = 50;

export interface CedarComparison {
  requests: number;
  allowed: number;
  differences: { policyText: string; request: PolicyRequest; engine: string; reason: string; cedar: string }[];
}

/** Judges requests near the rules by the engine and by Cedar. */
export function compareWithCedar(options: { seed: number; requests: number }): CedarComparison {
  const random = new Random(options.seed);
  const result: CedarComparison = { requests: 0, allowed: 0, differences: [] };
  while (result.requests < options.requests) {
    const entries = cedarEntries(random);
    const policyText = creelFileOf(entries);
    const { policy, problems } = parsePolicy(policyText);
    if (policy === null) throw new Error(`The generated policy does not load: ${problems[0]?.message}`);
    const compiled = compilePolicy(policy);
    const cedar = cedarJudge(entries);
    for (let left = REQUESTS_PER_POLICY; left > 0 && result.requests < options.requests; left--) {
      const request = cedarRequest(entries, random);
      const { decision, reason } = decide(compiled, request, 0);
      const other = cedar(request);
      result.requests += 1;
      if (other === "allow") result.allowed += 1;
      if (decision !== other) result.differences.push({ policyText, request, engine: decision, reason, cedar: other });
    }
  }
  return result;
}
