/**
 * The part of the language that Cedar can express, decided by Cedar: programs, hosts, ports, methods, paths, allow and deny. Cedar's
 * `like` has one wildcard that crosses everything, so patterns are plain or end (hosts: begin) with `**`.
 */
import { setFlagsFromString } from "node:v8";
import { preparsePolicySet, statefulIsAuthorized } from "@cedar-policy/cedar-wasm/nodejs";
import type { Random } from "../../fuzz/random.ts";
import type { PolicyRequest } from "../../src/browser.ts";

// After some ten thousand calls V8 of Node 20 aborts the process while it deoptimizes a call into WebAssembly that it had inlined.
setFlagsFromString("--no-turbo-inline-js-wasm-calls");

interface CedarClause {
  effect: "permit" | "forbid";
  method: string;
  path: string;
}

interface CedarEntry {
  program: string;
  host: string;
  port: number;
  clauses: CedarClause[];
}

const PROGRAMS = ["/usr/bin/curl", "/usr/bin/git", "/opt/**", "/usr/**"];
const HOSTS = ["api.example.com", "www.example.com", "**.example.com", "**.api.example.com"];
const PORTS = [443, 8443];
const METHODS = ["GET", "POST", "PUT", "*"];
const PATHS = ["/api", "/api/**", "/api/v1/**", "/**", "/repos/x", "/repos/**"];

const several = <T>(most: number, random: Random, make: () => T): T[] =>
  Array.from({ length: 1 + random.below(most) }, make);

export function cedarEntries(random: Random): CedarEntry[] {
  const clause = (effect: CedarClause["effect"]) => (): CedarClause => ({
    effect,
    method: random.pick(METHODS),
    path: random.pick(PATHS),
  });
  return several(4, random, () => ({
    program: random.pick(PROGRAMS),
    host: random.pick(HOSTS),
    port: random.pick(PORTS),
    clauses: [
      ...several(3, random, clause("permit")),
      ...(random.chance(40) ? several(2, random, clause("forbid")) : []),
    ],
  }));
}

export function creelFileOf(entries: readonly CedarEntry[]): string {
  const policies = entries.map(({ program, host, port, clauses }, i) => {
    const of = (effect: CedarClause["effect"]) =>
      clauses.filter((clause) => clause.effect === effect).map(({ method, path }) => ({ method, path }));
    const denies = of("forbid");
    const endpoint = {
      host,
      port,
      protocol: "rest",
      rules: of("permit").map((allow) => ({ allow })),
      ...(denies.length === 0 ? {} : { deny_rules: denies }),
    };
    return [`e${i}`, { endpoints: [endpoint], binaries: [{ path: program }] }];
  });
  return JSON.stringify({ version: 1, network_policies: Object.fromEntries(policies) });
}

const matching = (attribute: string, pattern: string): string =>
  pattern.includes("**")
    ? `context.${attribute} like ${JSON.stringify(pattern.replace("**", "*"))}`
    : `context.${attribute} == ${JSON.stringify(pattern)}`;

/** A deny holds with and without the slash at the end; an allow takes the path as it stands. */
function pathCondition({ effect, path }: CedarClause): string {
  const own = matching("path", path);
  if (effect === "permit") return own;
  const other = path.endsWith("/**") ? path.slice(0, -3) : `${path}/`;
  return other === "" ? own : `(${own} || context.path == ${JSON.stringify(other)})`;
}

function methodCondition(method: string): string {
  if (method === "*") return "true";
  return method === "GET" ? '["GET", "HEAD"].contains(context.method)' : `context.method == ${JSON.stringify(method)}`;
}

export function cedarTextOf(entries: readonly CedarEntry[]): string {
  return entries
    .flatMap((entry) =>
      entry.clauses.map((clause) => {
        const conditions = [
          matching("program", entry.program),
          matching("host", entry.host),
          `context.port == ${entry.port}`,
          methodCondition(clause.method),
          pathCondition(clause),
        ];
        return `${clause.effect}(principal, action, resource) when { ${conditions.join(" && ")} };`;
      }),
    )
    .join("\n");
}

export function cedarRequest(entries: readonly CedarEntry[], random: Random): PolicyRequest {
  const entry = random.pick(entries);
  const clause = random.pick(entry.clauses);
  const part = (): string => random.pick(["x", "x/y", "v1/z", "admin", ""]);
  const path = clause.path.replace("**", part);
  return {
    binary: random.chance(85) ? entry.program.replace("**", () => random.pick(["a", "bin/b"])) : "/tmp/evil",
    host: entry.host.replace("**", () => random.pick(["eu", "a.b", "api"])),
    port: random.chance(90) ? entry.port : 80,
    method: random.chance(50) && clause.method !== "*" ? clause.method : random.pick(["GET", "HEAD", "POST", "DELETE"]),
    path: random.pick([path, path, path, `${path}x`, path.endsWith("/") ? path : `${path}/`, "/other"]),
  };
}

/** Reads the entries into Cedar under one name and answers for requests. */
export function cedarJudge(entries: readonly CedarEntry[]): (request: PolicyRequest) => "allow" | "deny" {
  const id = "oracle";
  const read = preparsePolicySet(id, { staticPolicies: cedarTextOf(entries) });
  if (read.type !== "success") throw new Error(`Cedar does not read the policy: ${JSON.stringify(read.errors)}`);
  return ({ binary, host, port, method, path }) => {
    const answer = statefulIsAuthorized({
      principal: { type: "Program", id: "any" },
      action: { type: "Action", id: "request" },
      resource: { type: "Site", id: "any" },
      context: { program: binary, host, port, method: method ?? "", path: path ?? "" },
      preparsedPolicySetId: id,
      entities: [],
    });
    if (answer.type !== "success" || answer.response.diagnostics.errors.length > 0)
      throw new Error(`Cedar fails: ${JSON.stringify(answer)}`);
    return answer.response.decision;
  };
}
