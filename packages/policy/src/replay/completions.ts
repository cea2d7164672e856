/**
 * What a record lacks, and every way in which it could be filled in. Threat: a replay that guesses, and so promises that a version
 * breaks nothing. Invariant: each way the missing parts could have been stands for one policy in which the conditions on them hold
 * or do not; only where all of these agree is a judgement certain. Conditions that only ever help or only ever hinder are tried at
 * their extremes; those that can do both are tried one by one.
 */
import { endpointsFor } from "../engine/candidates.ts";
import { type CompiledEndpoint, compilePolicy } from "../engine/compile.ts";
import type { CompiledPolicy } from "../engine/compiled.ts";
import type { Binary, Clause, Endpoint, InferenceSection, PolicyEntry } from "../model.ts";
import { type Conditions, findConditions, ipsBit, type Lacks, type Target, type VerdictPart } from "./conditions.ts";
import { COMPLETIONS_MAX } from "./limits.ts";

/** One way to fill in what is missing. */
export interface Completion {
  compiled: CompiledPolicy;
  ip: string | undefined;
}
export interface Completions {
  /** Null: there are more ways than are tried. */
  ways: readonly Completion[] | null;
  /** What the version judges and the record lacks, as words. */
  missing: readonly string[];
}

/** Stand for any address inside and outside of a list; the version's own lists are replaced by them. */
const LISTED_IPS = ["1.1.1.1", "10.255.255.253"];
const UNLISTED = ["10.255.255.254"];
/** No request has it. */
const NEVER: Clause["request"] = { headers: { "x-creel-never": "never" } };
const EVERYTHING: Clause = { method: "*", path: "/**" };

/** Null: the version judges nothing here that the record lacks. */
export function completionsFor(compiled: CompiledPolicy, target: Target, lacks: Lacks): Completions | null {
  const endpoints = endpointsFor(compiled, target.host, target.port);
  const found = findConditions(compiled, endpoints, target, lacks);
  if (found.missing.size === 0) return null;
  const missing = [...found.missing];
  const choices = 2 ** found.bits.length * (found.extremes ? 2 : 1) * 3 ** found.audited.length;
  if (choices > COMPLETIONS_MAX) return { ways: null, missing };
  const ways: Completion[] = [];
  for (let n = 0; n < choices; n++) {
    const compiledWay = buildWay(compiled, endpoints, found, readChoice(n, found));
    const ips = found.addresses ? LISTED_IPS : [undefined];
    for (const ip of ips) ways.push({ compiled: compiledWay, ip });
  }
  return { ways, missing };
}

interface Choice {
  held: ReadonlySet<string>;
  lenient: boolean;
  audited: ReadonlyMap<CompiledEndpoint, Outcome>;
}
type Outcome = "allowed" | "neither" | "denied";
const OUTCOMES: readonly Outcome[] = ["allowed", "neither", "denied"];

/** The n-th choice; the first and the second differ most, so that a disagreement shows early. */
function readChoice(n: number, found: Conditions): Choice {
  let rest = n;
  const take = (base: number): number => {
    const digit = rest % base;
    rest = Math.floor(rest / base);
    return digit;
  };
  const lenient = found.extremes ? take(2) === 0 : true;
  const held = new Set(found.bits.filter(() => take(2) === 0));
  const audited = new Map(found.audited.map((endpoint) => [endpoint, OUTCOMES[take(3)] ?? "neither"] as const));
  return { held, lenient, audited };
}

/** The same policy, cut down to this target, in which every condition on what is missing is decided. */
function buildWay(
  compiled: CompiledPolicy,
  endpoints: readonly CompiledEndpoint[],
  found: Conditions,
  choice: Choice,
): CompiledPolicy {
  // Without a prototype, so that an entry named `__proto__` is one like any other.
  const entries = Object.create(null) as Record<string, PolicyEntry>;
  for (const endpoint of endpoints) {
    const { key } = endpoint.entry;
    const source = compiled.policy.network_policies[key];
    if (source === undefined) continue;
    entries[key] ??= {
      ...source,
      endpoints: [],
      binaries: settleBinaries(source.binaries, choice.held.has(`member:${key}`), found),
      ...(found.entryRequests.has(key) ? { request: choice.lenient ? undefined : NEVER } : {}),
    };
    entries[key].endpoints.push(settleEndpoint(endpoint, found, choice));
  }
  const { inference } = compiled.policy;
  const way = compilePolicy({
    ...compiled.policy,
    network_policies: entries,
    network_middlewares: {},
    inference: inference === undefined ? undefined : settleInference(inference, found, choice),
  });
  const { missingMiddlewares, monitorUntilMs, exactHosts } = compiled;
  return { ...way, missingMiddlewares, monitorUntilMs, exactHosts };
}

/** A pin or script never vouches for a parent, so what is settled does not inherit. */
const settleBinaries = (binaries: readonly Binary[], held: boolean, found: Conditions): Binary[] =>
  binaries.flatMap((binary) => (found.pinned(binary) ? (held ? [{ path: binary.path }] : []) : [binary]));

function settleInference(section: InferenceSection, found: Conditions, choice: Choice): InferenceSection {
  const { binaries, models } = section;
  return {
    ...section,
    ...(binaries === undefined
      ? {}
      : { binaries: settleBinaries(binaries, choice.held.has("inference-member"), found) }),
    ...(found.models ? { models: choice.lenient ? undefined : [] } : { models }),
  };
}

function settleEndpoint(compiled: CompiledEndpoint, found: Conditions, choice: Choice): Endpoint {
  const { endpoint } = compiled;
  const how = found.verdicts.get(compiled);
  const ips =
    endpoint.allowed_ips === undefined || !found.addresses
      ? {}
      : { allowed_ips: choice.held.has(ipsBit(endpoint.allowed_ips)) ? LISTED_IPS : UNLISTED };
  if (how === undefined) return { ...endpoint, ...ips };
  const outcome = choice.audited.get(compiled);
  const allows = outcome === undefined ? choice.lenient : outcome === "allowed";
  const denies = outcome === undefined ? !choice.lenient : outcome === "denied";
  return { ...settleVerdict(endpoint, how, { allows, denies }), ...ips };
}

function settleVerdict(
  endpoint: Endpoint,
  how: VerdictPart,
  { allows, denies }: { allows: boolean; denies: boolean },
): Endpoint {
  const { rules, deny_rules = [], access, ...rest } = endpoint;
  if (how === "body")
    return {
      ...rest,
      protocol: "rest",
      ...(allows ? { access: "full" as const } : { rules: [] }),
      ...(denies && deny_rules.length > 0 ? { deny_rules: [EVERYTHING] } : {}),
    };
  const settle = (clause: Clause, holds: boolean): Clause[] =>
    clause.request === undefined ? [clause] : holds ? [{ ...clause, request: undefined }] : [];
  const settled: Endpoint = {
    ...rest,
    ...(access === undefined ? {} : { access }),
    ...(rules === undefined
      ? {}
      : { rules: rules.flatMap((rule) => settle(rule.allow, allows).map((allow) => ({ allow }))) }),
    deny_rules: deny_rules.flatMap((clause) => settle(clause, denies)),
  };
  // A request that opens no WebSocket finds nothing that allows it there; denies hold all the same.
  if (how === "upgrade" && !allows) return { ...settled, protocol: "rest", access: undefined, rules: [] };
  return settled;
}
