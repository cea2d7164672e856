/** The policy a suggestion is added to: what it allows already, and what it would deny in spite of a new entry. */
import { canonicalHost } from "../canonical/host.ts";
import { canonicalPath } from "../canonical/path.ts";
import { literalGlob, parseOrThrow } from "../edit/request.ts";
import { endpointsFor } from "../engine/candidates.ts";
import { compilePolicy } from "../engine/compile.ts";
import type { CompiledPolicy } from "../engine/compiled.ts";
import { decide } from "../engine/decide.ts";
import { compileGlob } from "../glob.ts";
import type { Clause, Endpoint, Policy, PolicyEntry } from "../model.ts";
import { createVersionJudge, type Judgement } from "../replay/judge.ts";
import type { RecordedRequest } from "../replay/types.ts";
import type { Wish } from "./evidence.ts";

export interface Base {
  policy: Policy;
  judge(record: RecordedRequest): Judgement;
  inspects(record: RecordedRequest): boolean;
  /** Why an entry of its own would not make this pass, or null. */
  obstacle(wish: Wish): string | null;
  denies(host: string, port: number): readonly Clause[];
  /** Requests of this program that the base's own `tests:` expect to be denied; without method the connection itself. */
  expectedDenied(program: string, host: string, port: number): readonly Pick<Clause, "method" | "path">[];
  /** The key of an entry for this program alone, without conditions of its own, that endpoints may be added to. */
  ownEntry(program: string): string | null;
  /** An entry that named this and whose time is over. */
  expired(program: string, host: string, port: number): string | null;
}

const PROBE = "probe";

export function createBase(text: string, nowMs: number): Base {
  const policy = strict(parseOrThrow(text));
  const compiled = compileWhole(policy);
  const judge = createVersionJudge(compiled, nowMs);
  const probes = new Map<string, CompiledPolicy>();
  const own = ownEntries(policy);
  const namesProgram = (entry: PolicyEntry, program: string): boolean =>
    entry.binaries.some((binary) => compileGlob(binary.path, { separator: "/" })(program));

  function probeOf({ program, host, port, method }: Wish): CompiledPolicy {
    const key = `${port} ${method === null} ${host} ${program}`;
    const known = probes.get(key);
    if (known !== undefined) return known;
    const probe = compileWhole(withProbe(policy, compiled, { program, host, port, method }));
    if (probes.size >= PROBES_MAX) probes.clear();
    probes.set(key, probe);
    return probe;
  }

  return {
    policy,
    judge: (record) => judge.judge(record),
    inspects: (record) => judge.inspects(record),
    obstacle(wish) {
      const { program, host, port, method, path } = wish;
      for (const { entry, endpoint, inspected } of endpointsFor(compiled, host, port)) {
        const source = policy.network_policies[entry.key];
        const deeper = inspected && endpoint.protocol !== "rest";
        if (deeper && source !== undefined && namesProgram(source, program))
          return `Entry \`${entry.key}\` judges this host by protocol ${endpoint.protocol ?? "?"}; a rule for method and path would undo that. Change its rules instead.`;
      }
      const request = {
        binary: program,
        host,
        port,
        ...(method === null || path === null ? {} : { method, path }),
      };
      const decision = decide(probeOf(wish), request, nowMs);
      if (decision.decision === "allow") return null;
      return decision.reason.startsWith("Denied by ")
        ? decision.reason
        : "Another part of the base decides this request, and a new entry would not change its word.";
    },
    denies: (host, port) => endpointsFor(compiled, host, port).flatMap(({ endpoint }) => endpoint.deny_rules ?? []),
    expectedDenied: (program, host, port) =>
      policy.tests.flatMap(({ request, expect }) => {
        if (expect === "allow" || request.binary !== program || request.port !== port) return [];
        if (canonicalHost(request.host) !== host) return [];
        const path = canonicalPath(request.path ?? "", { allowEncodedSlash: true })?.path;
        return request.method === undefined || path === undefined
          ? [{}]
          : [{ method: request.method.toUpperCase(), path: literalGlob(path) }];
      }),
    ownEntry: (program) => own.get(literalGlob(program)) ?? null,
    expired(program, host, port) {
      const entry = endpointsFor(compiled, host, port).find(({ entry: { key, expiresAtMs } }) => {
        const source = policy.network_policies[key];
        return expiresAtMs <= nowMs && source !== undefined && namesProgram(source, program);
      });
      return entry?.entry.key ?? null;
    },
  };
}

/** Entries of one plain program each and nothing else; a limit, a date, a ticket or a preset's mark speaks of what stands there, not of what is added. */
function ownEntries(policy: Policy): Map<string, string> {
  const own = new Map<string, string>();
  for (const [key, entry] of Object.entries(policy.network_policies)) {
    const { name: _name, endpoints, binaries, ...rest } = entry;
    const [only] = binaries;
    const plain = binaries.length === 1 && only !== undefined && Object.keys(only).length === 1;
    if (plain && Object.keys(rest).length === 0 && endpoints.length > 0 && !own.has(only.path)) own.set(only.path, key);
  }
  return own;
}
/** Probes are small, but a journal may name as many targets as it likes. */
const PROBES_MAX = 1_000;

/** As if it were enforced to the letter: what monitor or audit let pass is exactly what is to be covered. */
const strict = (policy: Policy): Policy => {
  const { monitor_until: _until, ...rest } = policy;
  const entries = Object.entries(policy.network_policies).map(([key, entry]): [string, PolicyEntry] => [
    key,
    { ...entry, endpoints: entry.endpoints.map((endpoint) => ({ ...endpoint, enforcement: "enforce" })) },
  ]);
  return { ...rest, mode: "enforce", network_policies: Object.fromEntries(entries) };
};

/** Whether a node offers the middlewares is no matter of the file. */
const compileWhole = (policy: Policy): CompiledPolicy =>
  compilePolicy(policy, { middlewares: Object.values(policy.network_middlewares).map((m) => m.middleware) });

export const compileStrict = (policy: Policy): CompiledPolicy => compileWhole(strict(policy));

/** The entries that speak of this host and port, and one that gives this program everything there. */
function withProbe(policy: Policy, compiled: CompiledPolicy, wish: Omit<Wish, "path" | "raw">): Policy {
  const { program, host, port, method } = wish;
  const keys = new Set(endpointsFor(compiled, host, port).map(({ entry }) => entry.key));
  const entries = Object.entries(policy.network_policies).filter(([key]) => keys.has(key));
  const endpoint: Endpoint = {
    host,
    ports: [port],
    enforcement: "enforce",
    ...(method === null ? {} : { protocol: "rest", access: "full", allow_encoded_slash: true }),
  };
  let name = PROBE;
  while (keys.has(name)) name += "_";
  const probe: PolicyEntry = { name, endpoints: [endpoint], binaries: [{ path: literalGlob(program) }] };
  return { ...policy, network_policies: { ...Object.fromEntries(entries), [name]: probe } };
}
