import {
  type CompiledPolicy,
  compilePolicy,
  decide,
  type Policy,
  type PolicyRequest,
  parsePolicy,
} from "@creel/policy";
import { once } from "./measure.ts";
import type { Asked, Rule } from "./rules.ts";

/** One entry holds at most as many rules as an endpoint may have. */
const RULES_PER_ENTRY = 2_000;

/** Rules of one program, host and port share an endpoint, as a person would write them. */
export function policyFile(rules: readonly Rule[]): string {
  const groups = new Map<string, Rule[]>();
  for (const rule of rules) {
    let part = 0;
    let key = "";
    do {
      key = `${rule.program} ${rule.host} ${rule.port} ${part}`;
      part += 1;
    } while ((groups.get(key)?.length ?? 0) >= RULES_PER_ENTRY);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [rule]);
    else group.push(rule);
  }
  const entries = [...groups.values()].map((group, index) => {
    const [first] = group;
    const clauses = (effect: Rule["effect"]) =>
      group
        .filter((rule) => rule.effect === effect)
        .flatMap(({ methods, path }) =>
          // GET includes HEAD.
          methods.filter((method) => method !== "HEAD").map((method) => ({ method, path })),
        );
    const deny = clauses("deny");
    const endpoint = {
      host: first?.host,
      port: first?.port,
      protocol: "rest",
      rules: clauses("allow").map((allow) => ({ allow })),
      ...(deny.length === 0 ? {} : { deny_rules: deny }),
    };
    return [`rule${index}`, { endpoints: [endpoint], binaries: [{ path: first?.program }] }];
  });
  return JSON.stringify({ version: 1, network_policies: Object.fromEntries(entries) });
}

export const requestOf = ({ program, host, port, method, path }: Asked): PolicyRequest => ({
  binary: program,
  host,
  port,
  method,
  path,
});

export interface CreelSubject {
  parseMs: number;
  compileMs: number;
  compiled: CompiledPolicy;
  allows: (request: PolicyRequest) => boolean;
}

/** A file holds a megabyte; more rules than fit are read from several files and joined. */
const RULES_PER_FILE = 2_000;

/** The rules as one policy, and the time it took to read it. */
export function readRules(rules: readonly Rule[]): { policy: Policy; ms: number } {
  let joined: Policy | undefined;
  let ms = 0;
  for (let from = 0; from < rules.length; from += RULES_PER_FILE) {
    const text = policyFile(rules.slice(from, from + RULES_PER_FILE));
    const parsed = once(() => parsePolicy(text));
    const { policy, problems } = parsed.value;
    if (policy === null) throw new Error(`The benchmark's policy does not load: ${problems[0]?.message}`);
    ms += parsed.ms;
    const entries = Object.entries(policy.network_policies).map(([key, entry]) => [`${key}-${from}`, entry]);
    const earlier: Policy["network_policies"] = joined?.network_policies ?? {};
    joined = { ...policy, network_policies: { ...earlier, ...Object.fromEntries(entries) } };
  }
  if (joined === undefined) throw new RangeError("There are no rules to read.");
  return { policy: joined, ms };
}

export function creelSubject(rules: readonly Rule[]): CreelSubject {
  const { policy, ms } = readRules(rules);
  const compiled = once(() => compilePolicy(policy));
  return {
    parseMs: ms,
    compileMs: compiled.ms,
    compiled: compiled.value,
    allows: (request) => decide(compiled.value, request, 0).decision === "allow",
  };
}
