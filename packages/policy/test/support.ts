import {
  type CompiledPolicy,
  compilePolicy,
  decide,
  type ParseResult,
  type Policy,
  type PolicyRequest,
  parsePolicy,
} from "../src/index.ts";

export function must(result: ParseResult): Policy {
  if (result.policy === null)
    throw new Error(result.problems.map((p) => `${p.place.line}:${p.place.column} ${p.message}`).join("\n"));
  return result.policy;
}

export const compiled = (yaml: string): CompiledPolicy => compilePolicy(must(parsePolicy(yaml)));

/** A judge for one entry `x` of /usr/bin/curl with these endpoints, each a YAML flow map. */
export function judgeOf(endpoints: string, extra = ""): (request: Partial<PolicyRequest>) => string {
  const policy = compiled(
    `version: 1\nnetwork_policies:\n  x:\n    endpoints: [${endpoints}]\n    binaries: [{path: /usr/bin/curl}]\n${extra}`,
  );
  return (request) =>
    decide(policy, { binary: "/usr/bin/curl", host: "api.example.com", port: 443, ...request }, 0).decision;
}

export const codes = (yaml: string): string[] => parsePolicy(yaml).problems.map((p) => p.code);
