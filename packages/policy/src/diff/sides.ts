/** The two versions: judged by the engine, and read as lists of endpoints for the comparison of sets. */
import { canonicalJson } from "../canonical/json.ts";
import { type Caller, type CompiledBinary, compileBinary } from "../engine/binary.ts";
import { compilePolicy } from "../engine/compile.ts";
import type { CompiledPolicy } from "../engine/compiled.ts";
import { decide } from "../engine/decide.ts";
import { compileGlob } from "../glob.ts";
import type { Binary, Endpoint, Policy, PolicyEntry } from "../model.ts";
import type { PolicyRequest } from "../types.ts";
import { type Budget, WORK_PER_JUDGEMENT } from "./bounds.ts";

/** One endpoint with the entry it stands in. */
export interface Item {
  key: string;
  entry: PolicyEntry;
  endpoint: Endpoint;
  expiresAtMs: number;
  inspected: boolean;
  /** Two items with one value judge alike for the same program; documentation and what is no judgement is left out. */
  readonly identity: string;
}

export interface Side {
  policy: Policy;
  items: readonly Item[];
  /** Items in force at some time from now on that name this host and port. */
  itemsAt(host: string, port: number): Item[];
  names(item: Item, caller: Caller): boolean;
  compiled: CompiledPolicy;
}

interface GlobItem {
  matches: (host: string) => boolean;
  item: Item;
  order: number;
}

export interface Judgement {
  allowed: boolean;
  rule: string | null;
}

export function sideOf(policy: Policy, options: { nowMs: number; middlewares: readonly string[] }): Side {
  const items = itemsOf(policy).filter((item) => item.expiresAtMs > options.nowMs);
  const exact = new Map<string, Item[]>();
  // By port and the plain end of the glob, so that a host meets only those it could match.
  const globs = new Map<string, GlobItem[]>();
  for (const [order, item] of items.entries()) {
    const { host, ports } = item.endpoint;
    const matches = host === "" || host.includes("*") ? hostMatcher(host) : null;
    const end = host.slice(host.lastIndexOf("*") + 1);
    for (const port of ports)
      if (matches === null) listAt(exact, `${host}:${port}`).push(item);
      else listAt(globs, `${end}:${port}`).push({ matches, item, order });
  }
  const binaries = new Map<PolicyEntry, CompiledBinary[]>();
  return {
    policy,
    items,
    itemsAt: (host, port) => [
      ...(exact.get(`${host}:${port}`) ?? []),
      ...Array.from({ length: host.length + 1 }, (_, at) => globs.get(`${host.slice(at)}:${port}`) ?? [])
        .flat()
        .filter(({ matches }) => matches(host))
        .sort((a, b) => a.order - b.order)
        .map(({ item }) => item),
    ],
    names({ entry }, caller) {
      const compiled = binaries.get(entry) ?? entry.binaries.map(compileBinary);
      binaries.set(entry, compiled);
      return compiled.some((binary) => binary.matches(caller));
    },
    compiled: compilePolicy(policy, { middlewares: [...options.middlewares] }),
  };
}

export function hostMatcher(host: string): (text: string) => boolean {
  if (host === "") return () => true;
  if (!host.includes("*")) return (text) => text === host;
  const glob = compileGlob(host, { separator: "." });
  // A wildcard label stands for at least one character; `**.x.y` never means a name that begins with a dot.
  return (text) => !text.startsWith(".") && !text.includes("..") && glob(text);
}

function listAt<K, T>(map: Map<K, T[]>, key: K): T[] {
  const list = map.get(key) ?? [];
  map.set(key, list);
  return list;
}

function itemsOf(policy: Policy): Item[] {
  return Object.keys(policy.network_policies)
    .sort()
    .flatMap((key) => {
      const entry = policy.network_policies[key];
      return entry?.endpoints.map((endpoint) => itemOf(key, entry, endpoint)) ?? [];
    });
}

function itemOf(key: string, entry: PolicyEntry, endpoint: Endpoint): Item {
  let identity: string | undefined;
  return {
    key,
    entry,
    endpoint,
    expiresAtMs: entry.expires_at === undefined ? Number.POSITIVE_INFINITY : Date.parse(entry.expires_at),
    inspected: endpoint.protocol !== undefined && endpoint.protocol !== "tcp",
    // Of thousands of items only those near a change are ever asked.
    get identity() {
      identity ??= `${conditionsKey(entry)}\n${canonicalJson(judgedParts(endpoint))}`;
      return identity;
    },
  };
}

/** Keys under which both versions have the very same entry, so that nothing of it needs a closer look. */
export function untouchedKeys(before: Policy, after: Policy): ReadonlySet<string> {
  const [a, b] = [before.network_policies, after.network_policies];
  return new Set(
    Object.keys(a).filter((key) => Object.hasOwn(b, key) && JSON.stringify(a[key]) === JSON.stringify(b[key])),
  );
}

/** Conditions that hold for every endpoint of an entry, its programs aside. */
const conditionsKey = (entry: PolicyEntry): string =>
  canonicalJson({ expires_at: entry.expires_at, request: entry.request });

/** What of an endpoint changes no judgement is left out: credentials, and audit, which is a setting. */
function judgedParts(endpoint: Endpoint): Partial<Endpoint> {
  const {
    enforcement: _enforcement,
    request_body_credential_rewrite: _rewrite,
    allow_uninspected_credentials: _uninspected,
    credential_signing: _signing,
    signing_service: _service,
    signing_region: _region,
    credential_binding: _binding,
    ...rest
  } = endpoint;
  return rest;
}

/** The item without its clauses: where these agree, only the clauses that differ can change anything. */
export function frameOf({ entry, endpoint }: Item): string {
  const { rules, deny_rules: _denies, ...rest } = judgedParts(endpoint);
  return canonicalJson({
    conditions: conditionsKey(entry),
    rest,
    hasRules: rules !== undefined,
    wide: rules?.some(({ allow }) => allow.method === "*") === true,
  });
}

/** Monitor mode and audit are left aside: only `allow` counts as allowed. */
export function judge(side: Side, request: PolicyRequest, nowMs: number, budget: Budget): Judgement {
  budget.spend(WORK_PER_JUDGEMENT);
  const { decision, rule } = decide(side.compiled, request, nowMs);
  return { allowed: decision === "allow", rule };
}

/** Items of each side that the other does not have for the same programs, however often. */
export function changedItems(before: Side, after: Side): Item[] {
  const untouched = untouchedKeys(before.policy, after.policy);
  const withPrograms = (side: Side) => {
    const programs = new Map<PolicyEntry, string>();
    return side.items
      .filter(({ key }) => !untouched.has(key))
      .map((item): [string, Item] => {
        const known = programs.get(item.entry) ?? programsKey(item.entry.binaries);
        programs.set(item.entry, known);
        return [`${known}\n${item.identity}`, item];
      });
  };
  const [a, b] = [withPrograms(before), withPrograms(after)];
  const keysA = new Set(a.map(([key]) => key));
  const keysB = new Set(b.map(([key]) => key));
  return [...a.filter(([key]) => !keysB.has(key)), ...b.filter(([key]) => !keysA.has(key))].map(([, item]) => item);
}

const programsKey = (binaries: readonly Binary[]): string =>
  binaries
    .map((binary) => canonicalJson(binary))
    .sort()
    .join();
