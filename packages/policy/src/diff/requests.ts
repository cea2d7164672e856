/** All that is newly allowed or denied: place by place, then joined where the same differs for several callers, hosts or ports. */

import { isIpLiteral } from "../canonical/host.ts";
import { canonicalJson } from "../canonical/json.ts";
import { INFERENCE_HOST } from "../engine/inference.ts";
import type { Binary } from "../model.ts";
import type { PolicyRequest } from "../types.ts";
import { BoundReached, Budget, DIFF_WORK_MAX, OVERCLAIMS_MAX, PLACE_WORK_MAX, WORK_PER_SPACE } from "./bounds.ts";
import { type CallerSpace, callerSpace } from "./callers.ts";
import { type Core, type CoreAndExample, coresOf } from "./core.ts";
import { type HostSpace, hostSpaces, missingMiddlewares, type Unsearched } from "./hosts.ts";
import { baseOf, type Place, piecesOf, spaceOf } from "./place.ts";
import { changedItems, hostMatcher, type Item, type Side } from "./sides.ts";
import type { CallerSet, RequestChange, TextSet } from "./types.ts";

/** A change before its risk and its sentence. */
export type BareChange = Omit<RequestChange, "risk" | "sentence">;

export interface Compared {
  changes: BareChange[];
  exact: boolean;
}

interface Query {
  before: Side;
  after: Side;
  nowMs: number;
  middlewares: readonly string[];
}

export function compareRequests(query: Query): Compared {
  const budget = new Budget(DIFF_WORK_MAX);
  const { before, after } = query;
  const changed = widenByMiddlewares(query, changedItems(before, after));
  const middlewareHosts = [before, after].flatMap((side) =>
    missingMiddlewares(side, query.middlewares).flatMap(({ endpoints }) => [
      ...endpoints.include,
      ...(endpoints.exclude ?? []),
    ]),
  );
  const { spaces, unsearched } = hostSpaces({ before, after, changed, middlewareHosts }, budget);
  const found = new Findings();
  const changedSet = new Set(changed);
  const comparison = new Comparison(query);
  const inference = inferenceSpaces(query, changed);
  for (const space of [...spaces, ...inference])
    compareHosts(query, space, { found, comparison, unsearched, changedSet }, budget);
  return { changes: [...found.joined(), ...overclaims(unsearched, query, changed)], exact: unsearched.length === 0 };
}

/** Hosts under a middleware that one version has and the other has not are judged differently whatever their entries say. */
function widenByMiddlewares({ before, after, middlewares }: Query, changed: readonly Item[]): Item[] {
  const keysOf = (side: Side) =>
    missingMiddlewares(side, middlewares).map(({ endpoints }) => ({ key: canonicalJson(endpoints), endpoints }));
  const [a, b] = [keysOf(before), keysOf(after)];
  const differing = [
    ...a.filter((x) => !b.some((y) => x.key === y.key)),
    ...b.filter((x) => !a.some((y) => x.key === y.key)),
  ];
  if (differing.length === 0) return [...changed];
  const covers = differing.flatMap(({ endpoints }) => endpoints.include);
  const touched = ({ endpoint: { host } }: Item): boolean =>
    covers.some((cover) => host === "" || host.includes("*") || hostMatcher(cover)(host));
  return [...new Set([...changed, ...[...before.items, ...after.items].filter(touched)])];
}

/** The model host is its own place: a section, entries that name it, or nothing at all may decide there. */
function inferenceSpaces({ before, after }: Query, changed: readonly Item[]): HostSpace[] {
  const meets = ({ endpoint }: Item): boolean => hostMatcher(endpoint.host)(INFERENCE_HOST);
  const [a, b] = [whoDecides(before), whoDecides(after)];
  if (a === b && (a !== BY_ENTRIES || !changed.some(meets))) return [];
  const ports = [before, after].flatMap((side) => side.items.filter(meets).flatMap(({ endpoint }) => endpoint.ports));
  return [...new Set([443, 80, ...ports])].map((port) => ({
    port,
    atoms: [{ witness: INFERENCE_HOST, name: INFERENCE_HOST }],
    holds: (_, host) => host === INFERENCE_HOST,
    describe: () => [{ match: INFERENCE_HOST, except: [] }],
  }));
}

const BY_ENTRIES = "entries";
/** What judges the model host: the section, its own entries, or nobody. */
function whoDecides({ policy: { inference }, compiled }: Side): string {
  if (inference === undefined) return compiled.exactHosts.has(INFERENCE_HOST) ? BY_ENTRIES : "nobody";
  return canonicalJson({ enabled: inference.enabled, models: inference.models, binaries: inference.binaries });
}

const EVERYONE: Binary = { path: "/**" };

interface Sink {
  found: Findings;
  comparison: Comparison;
  unsearched: Unsearched[];
  changedSet: ReadonlySet<Item>;
}

function compareHosts(
  query: Query,
  space: HostSpace,
  { found, comparison, unsearched, changedSet }: Sink,
  budget: Budget,
): void {
  const isInference = space.atoms[0]?.witness === INFERENCE_HOST && space.atoms.length === 1;
  if (budget.spent) {
    unsearched.push({ port: space.port, hosts: space.atoms.map(({ name }) => name ?? "**") });
    return;
  }
  for (const [hostIndex, { witness }] of space.atoms.entries()) {
    if (witness === INFERENCE_HOST && !isInference) continue;
    try {
      compareHost(
        query,
        { space, hostIndex, host: witness, isInference, changedSet, comparison },
        found,
        new Budget(PLACE_WORK_MAX, budget),
      );
    } catch (error) {
      if (!(error instanceof BoundReached)) throw error;
      found.forget(space, hostIndex);
      unsearched.push({
        port: space.port,
        hosts: [...new Set(space.describe(new Set([hostIndex])).map(({ match }) => match))],
      });
    }
  }
}

interface HostQuery {
  space: HostSpace;
  hostIndex: number;
  host: string;
  isInference: boolean;
  changedSet: ReadonlySet<Item>;
  comparison: Comparison;
}

function compareHost(
  query: Query,
  { space, hostIndex, host, isInference, changedSet, comparison }: HostQuery,
  found: Findings,
  budget: Budget,
): void {
  const { before, after, nowMs } = query;
  const { port } = space;
  const all = [before.itemsAt(host, port), after.itemsAt(host, port)] as const;
  const sections = isInference ? [before, after].flatMap(({ policy }) => policy.inference ?? []) : [];
  const binaries = [...all[0], ...all[1]].flatMap(({ entry }) => entry.binaries);
  budget.spend(WORK_PER_SPACE + binaries.length);
  const asking = isInference
    ? [EVERYONE]
    : [...all[0], ...all[1]].filter((item) => changedSet.has(item)).flatMap(({ entry }) => entry.binaries);
  if (asking.length === 0) return;
  const everyBinary = [
    ...binaries,
    ...sections.flatMap((section) => section.binaries ?? []),
    ...(isInference ? [EVERYONE] : []),
  ];
  const callers = callerSpace(distinctBinaries(everyBinary), distinctBinaries(asking), budget);
  const searchAll = comparison.middlewaresDiffer(host);
  const models = isInference ? sections.flatMap((section) => section.models ?? []) : null;
  const groups = new Map<string, { place: Place; atoms: number[] }>();
  for (const [index, { caller }] of callers.atoms.entries()) {
    budget.spend(binaries.length / 4);
    const itemsBefore = all[0].filter((item) => before.names(item, caller));
    const itemsAfter = all[1].filter((item) => after.names(item, caller));
    const key = isInference ? String(index) : `${numbers(all[0], itemsBefore)}|${numbers(all[1], itemsAfter)}`;
    const group = groups.get(key);
    if (group !== undefined) group.atoms.push(index);
    else
      groups.set(key, {
        place: {
          before,
          after,
          caller,
          host,
          port,
          isOfClass: (address) => space.holds(hostIndex, address),
          itemsBefore,
          itemsAfter,
          nowMs,
          models,
          searchAll,
        },
        atoms: [index],
      });
  }
  for (const { place, atoms } of groups.values())
    for (const { core, example } of comparison.coresAt(place, budget))
      found.add({ core, space, hostIndex, callers, atoms, example });
}

/** What is the same for all places; places where the same items meet are compared once. */
class Comparison {
  private readonly known = new Map<string, readonly CoreAndExample[]>();
  private readonly ids = new Map<string, number>();
  private readonly covering: readonly [readonly HostTest[], readonly HostTest[]];

  constructor({ before, after, middlewares }: Query) {
    const testsOf = (side: Side) => missingMiddlewares(side, middlewares).map(({ endpoints }) => hostTest(endpoints));
    this.covering = [testsOf(before), testsOf(after)];
  }

  /** Whether fail-closed middlewares cover the host in one version and not in the other. */
  middlewaresDiffer(host: string): boolean {
    return this.covered(0, host) !== this.covered(1, host);
  }

  coresAt(place: Place, budget: Budget): readonly CoreAndExample[] {
    // An address may stand as the host where no entry speaks of one; which address, depends on the place.
    const isBare = [...place.itemsBefore, ...place.itemsAfter].every(({ endpoint }) => endpoint.host === "");
    const literal = isBare || isIpLiteral(place.host) || place.models !== null ? `${place.host}:${place.port}` : "";
    const caller = place.models === null ? "" : place.caller.binary + String(this.ids.size);
    const items = [place.itemsBefore, place.itemsAfter].map((list) => list.map((item) => this.idOf(item)).join());
    const key = [literal, caller, this.covered(0, place.host), this.covered(1, place.host), ...items].join("|");
    const known = place.models === null ? this.known.get(key) : undefined;
    if (known !== undefined)
      return known.map(({ core, example }) => ({ core, example: rebased(example, place, isBare) }));
    const space = spaceOf(place, budget);
    const cores = piecesOf(place, space, budget).flatMap((piece) => coresOf(place, space, piece, budget));
    this.known.set(key, cores);
    return cores;
  }

  private covered(side: 0 | 1, host: string): boolean {
    return this.covering[side].some((covers) => covers(host));
  }

  private idOf({ key, identity }: Item): number {
    const name = `${key}\n${identity}`;
    const id = this.ids.get(name) ?? this.ids.size;
    this.ids.set(name, id);
    return id;
  }
}

type HostTest = (host: string) => boolean;
function hostTest({
  include,
  exclude = [],
}: {
  include: readonly string[];
  exclude?: readonly string[] | undefined;
}): HostTest {
  const [included, excluded] = [include.map(hostMatcher), exclude.map(hostMatcher)];
  return (host) => included.some((matches) => matches(host)) && !excluded.some((matches) => matches(host));
}

/** The same request of another caller and, unless its host is an address of its own, at another host. */
function rebased(example: PolicyRequest, place: Place, keepsHost: boolean): PolicyRequest {
  const { binary: _binary, sha256: _sha256, script: _script, ancestors: _ancestors, ...rest } = example;
  return { ...rest, ...baseOf(place).base, ...(keepsHost ? { host: example.host } : {}) };
}

const numbers = (all: readonly Item[], some: readonly Item[]): string => {
  const chosen = new Set(some);
  return all.flatMap((item, i) => (chosen.has(item) ? [i] : [])).join();
};

function distinctBinaries(binaries: readonly Binary[]): Binary[] {
  const found = new Map<string, Binary>();
  for (const binary of binaries) {
    const key = `${binary.path}\n${binary.sha256 ?? ""}\n${binary.script ?? ""}\n${binary.inherit === true}`;
    if (!found.has(key)) found.set(key, binary);
  }
  return [...found.values()];
}

interface Finding {
  core: Core;
  space: HostSpace;
  hostIndex: number;
  callers: CallerSpace;
  atoms: readonly number[];
  example: PolicyRequest;
}

/** Collects by place and joins: callers first, then hosts, then ports. */
class Findings {
  private list: Finding[] = [];

  add(finding: Finding): void {
    this.list.push(finding);
  }

  /** What was found at a place that then turned out too large, so that it is not claimed twice. */
  forget(space: HostSpace, hostIndex: number): void {
    this.list = this.list.filter((finding) => finding.space !== space || finding.hostIndex !== hostIndex);
  }

  joined(): BareChange[] {
    const keys = new Map<Core, string>();
    const keyOf = (core: Core): string => {
      const key = keys.get(core) ?? canonicalJson(core);
      keys.set(core, key);
      return key;
    };
    const byHost = groupBy(this.list, ({ core, space, hostIndex, callers }) => [
      keyOf(core),
      space,
      hostIndex,
      callers,
    ]);
    const withCallers = byHost.map((findings) => {
      const [first] = findings;
      const atoms = new Set(findings.flatMap((finding) => [...finding.atoms]));
      const callers = sortSets(first.callers.describe(atoms));
      return { ...first, callerSets: callers, coreKey: keyOf(first.core), callerKey: canonicalJson(callers) };
    });
    const bySpace = groupBy(withCallers, ({ coreKey, callerKey, space }) => [coreKey, callerKey, space]).map(
      (group) => ({
        ...group[0],
        hosts: group[0].space.describe(new Set(group.map(({ hostIndex }) => hostIndex))),
      }),
    );
    const byPort = groupBy(bySpace, ({ coreKey, callerKey, space }) => [coreKey, callerKey, space.port]).map(
      (group) => {
        const hosts = sortSets(group.flatMap((one) => one.hosts));
        return { ...group[0], hosts, hostKey: canonicalJson(hosts) };
      },
    );
    return groupBy(byPort, ({ coreKey, callerKey, hostKey }) => [coreKey, callerKey, hostKey]).map((group) => {
      const [{ core, callerSets, hosts, example }] = group;
      return {
        ...core,
        callers: callerSets,
        hosts,
        ports: group.map(({ space }) => space.port).sort((a, b) => a - b),
        example,
      };
    });
  }
}

function sortSets<T extends TextSet>(sets: readonly T[]): T[] {
  if (sets.length < 2) return [...sets];
  return sets
    .map((set) => [canonicalJson(set), set] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, set]) => set);
}

/** Groups in the order of their first members; objects are compared by identity. */
function groupBy<T>(
  list: readonly T[],
  keyOf: (value: T) => readonly (string | number | object)[],
): (readonly [T, ...T[]])[] {
  const ids = new Map<object, number>();
  const idOf = (part: string | number | object): string | number => {
    if (typeof part !== "object") return part;
    const known = ids.get(part) ?? ids.size;
    ids.set(part, known);
    return known;
  };
  const groups = new Map<string, [T, ...T[]]>();
  for (const value of list) {
    const key = keyOf(value).map(idOf).join("\u0001");
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [value]);
    else group.push(value);
  }
  return [...groups.values()];
}

/** What was not searched is claimed whole, in both directions: more than changed, never less. */
function overclaims(unsearched: readonly Unsearched[], { before }: Query, changed: readonly Item[]): BareChange[] {
  if (unsearched.length === 0) return [];
  const claims = joinedClaims(unsearched);
  return claims.flatMap(({ ports, hosts }) => {
    const all = new Set(ports);
    const touching = changed.filter(
      ({ endpoint }) =>
        endpoint.ports.some((port) => all.has(port)) && hosts.some((host) => mayMeet(host, endpoint.host)),
    );
    const paths = [
      ...new Set(
        touching.flatMap(({ entry }) => entry.binaries).map(({ path, inherit }) => (inherit === true ? "/**" : path)),
      ),
    ];
    const callers = (paths.length === 0 || paths.length > OVERCLAIMS_MAX ? ["/**"] : paths.sort()).map(
      (match): CallerSet => ({ match, except: [], sha256: null, script: null, ancestor: null }),
    );
    const binary = callers[0]?.match.replaceAll(/\*+/g, "x") ?? "/x";
    return (["allow", "deny"] as const).map((effect) => ({
      effect,
      callers,
      hosts: hosts.map((match) => ({ match: match === "" ? "**" : match, except: [] })),
      ports: [...ports],
      protocol: "raw" as const,
      methods: null,
      methodsExcept: [],
      paths: null,
      tools: null,
      conditions: ["as far as anything here changed: the rules were too many to compare one by one"],
      where: [],
      reach: { connection: true, requests: true, unreadable: true },
      ruleBefore: before === undefined ? null : (touching[0]?.key ?? null),
      ruleAfter: touching[0]?.key ?? null,
      denyRuleRemoved: effect === "allow",
      example: { binary, host: (hosts[0] ?? "").replaceAll(/\*+/g, "x") || "x", port: ports[0] ?? 443 },
    }));
  });
}

/** The same hosts at several ports are one claim; too many of them are one claim of all hosts. */
function joinedClaims(unsearched: readonly Unsearched[]): { ports: readonly number[]; hosts: readonly string[] }[] {
  const byHosts = new Map<string, { ports: Set<number>; hosts: readonly string[] }>();
  for (const { port, hosts } of unsearched) {
    const few = hosts.length > OVERCLAIMS_MAX ? ["**"] : hosts;
    const key = few.join();
    const group = byHosts.get(key) ?? { ports: new Set(), hosts: few };
    group.ports.add(port);
    byHosts.set(key, group);
  }
  const sorted = (ports: Iterable<number>) => [...ports].sort((a, b) => a - b);
  if (byHosts.size > OVERCLAIMS_MAX)
    return [{ ports: sorted(new Set(unsearched.map(({ port }) => port))), hosts: ["**"] }];
  return [...byHosts.values()].map(({ ports, hosts }) => ({ ports: sorted(ports), hosts }));
}

const mayMeet = (a: string, b: string): boolean =>
  a === b ||
  a === "**" ||
  b === "" ||
  a === "" ||
  hostMatcher(a)(b) ||
  hostMatcher(b)(a) ||
  (a.includes("*") && b.includes("*"));
