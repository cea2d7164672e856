/**
 * One decision. Threat: a request that gets through because nobody said no. Invariant: deny unless an entry in force names this
 * program, host, port and request; a deny rule of any matching entry beats every allow; what protects the host itself is never
 * softened by monitor or audit.
 */

import { canonicalAddress } from "../canonical/address.ts";
import { canonicalHost, isIpLiteral } from "../canonical/host.ts";
import { allowedByException } from "../exceptions/judge.ts";
import type { Policy } from "../model.ts";
import type { PolicyDecision, PolicyRequest } from "../types.ts";
import { type Addresses, readAddress, shutAddressReason, uncoveredReason } from "./addresses.ts";
import { type Caller, isVouchedPath } from "./binary.ts";
import type { CompiledPolicy } from "./compiled.ts";
import type { CompiledEndpoint } from "./endpoint.ts";
import type { Group } from "./group.ts";
import { INFERENCE_HOST, judgeInference } from "./inference.ts";
import { quoted } from "./quoted.ts";
import { judgeRequest } from "./request.ts";
import { allow, deny, denyHard, denyUnnamed, type Verdict } from "./verdict.ts";

/** Judges a connection, or with `method` a request. Pure; `nowMs` is the only clock. */
export function decide(compiled: CompiledPolicy, request: PolicyRequest, nowMs: number): PolicyDecision {
  const own = decideByPolicy(compiled, request, nowMs);
  const { exceptions } = compiled;
  if (exceptions === null || own.decision !== "deny" || !isUnnamed(compiled, request, nowMs)) return own;
  return allowedByException(exceptions, request, ({ alone }) => decideByPolicy(alone, request, nowMs)) ?? own;
}

/**
 * Did the policy leave this open? Only there an exception counts. Where bodies or messages are judged it never does: an exception speaks
 * of method and path, and would allow every tool and operation behind them.
 */
function isUnnamed(compiled: CompiledPolicy, request: PolicyRequest, nowMs: number): boolean {
  const caller = callerOf(request);
  const verdict = judge(compiled, request, caller, nowMs);
  if (verdict.allowed || verdict.hard || verdict.unnamed !== true) return false;
  const host = canonicalHost(request.host);
  if (host === null || missingMiddleware(compiled, host) !== null) return false;
  return compiled.hosts.groupsFor(host, request.port, caller).every(({ summary }) => {
    const totals = summary.at(nowMs);
    return totals === null || (totals.bodyBytesMax === 0 && !totals.webSocketText);
  });
}

/** What the policy alone says. */
export function decideByPolicy(compiled: CompiledPolicy, request: PolicyRequest, nowMs: number): PolicyDecision {
  const caller = callerOf(request);
  const named = soften(compiled, judge(compiled, request, caller, nowMs), nowMs);
  const lost = nameLost(compiled.policy, request);
  if (lost === null || named.decision === "deny") return named;
  // What denies the program by its name holds for it; what allows it by its name does not.
  const nameless = soften(compiled, judge(compiled, request, { ...caller, nameless: true }, nowMs), nowMs);
  if (nameless.decision === "allow" || (nameless.decision === "would_deny" && named.decision === "would_deny"))
    return named;
  return { ...nameless, reason: `${lost}, so no entry counts that names ${quoted(caller.binary)}.` };
}

/** Why a program cannot be known by its name, as the beginning of a sentence; null when it can. */
export function nameLost({ sandbox }: Policy, { binary, library }: PolicyRequest): string | null {
  if (sandbox?.writable_libraries === "allow") return null;
  if (library !== undefined) return `${quoted(binary)} runs code from ${quoted(library)}, which the agent can write`;
  return sandbox?.nested_userns === true ? "With `nested_userns` one program can write into another's memory" : null;
}

function soften(compiled: CompiledPolicy, verdict: Verdict, nowMs: number): PolicyDecision {
  const { rule, reason } = verdict;
  if (verdict.allowed) return { decision: "allow", rule, reason };
  const softened = !verdict.hard && (verdict.audit || isMonitoring(compiled, nowMs));
  return { decision: softened ? "would_deny" : "deny", rule, reason };
}

export const isMonitoring = (compiled: CompiledPolicy, nowMs: number): boolean =>
  compiled.monitorUntilMs !== null && nowMs < compiled.monitorUntilMs;

export function callerOf(request: Pick<PolicyRequest, "binary" | "sha256" | "script" | "ancestors">): Caller {
  const { binary, sha256, script, ancestors } = request;
  return {
    binary,
    sha256: sha256?.toLowerCase().replace(/^sha256:/, ""),
    script: script !== undefined && isVouchedPath(script) ? script : undefined,
    ancestors: ancestors === undefined || ancestors.length === 0 ? NOBODY : ancestors.filter(isVouchedPath),
    nameless: false,
  };
}
const NOBODY: readonly string[] = [];

function judge(compiled: CompiledPolicy, request: PolicyRequest, caller: Caller, nowMs: number): Verdict {
  if (!isVouchedPath(request.binary)) return denyHard(null, "Nobody vouched for the program that asks.");
  const host = canonicalHost(request.host);
  if (host === null) return denyHard(null, "The host has no single reading.");
  const { port } = request;
  if (!Number.isInteger(port) || port < 1 || port > 65535) return denyHard(null, "The port is none.");
  const inference = host === INFERENCE_HOST ? judgeInference(compiled, request, caller) : null;
  if (inference !== null) return inference;
  const addresses = addressesOf(host, request.ip);
  if (addresses === null) return denyHard(null, "The resolved address cannot be read.");
  for (const address of addresses) {
    const shut = shutAddressReason(address);
    if (shut !== null) return denyHard(null, sentence(shut));
  }
  const groups = compiled.hosts.groupsFor(host, port, caller);
  const covering = firstCovering(groups, nowMs, addresses);
  if (covering.covered === null) return nothingCovers(compiled, { host, port, caller, groups, addresses, nowMs });
  // Without a host the address is the whole condition, so it must be known.
  const first = covering.usable;
  if (first === null)
    return deny(covering.covered.entry.key, "The entry is bound to addresses, and the address is not known.");
  const middleware = missingMiddleware(compiled, host);
  if (middleware !== null)
    return deny(
      first.entry.key,
      `Middleware \`${middleware}\` must see this traffic, fails closed, and is not available here.`,
    );
  if (request.method === undefined)
    return allow(first.entry.key, `Entry \`${first.entry.key}\` names this program, host and port.`);
  return judgeRequest({ groups, first, nowMs, addresses }, request, request.method);
}

/** Every address the connection would reach; null when one cannot be read. */
function addressesOf(host: string, ip: string | undefined): Addresses | null {
  const own = isIpLiteral(host) ? [readAddress(host)] : NOWHERE;
  if (ip === undefined) return own;
  const canonical = canonicalAddress(ip);
  return canonical === null ? null : [...own, readAddress(canonical)];
}
const NOWHERE: Addresses = [];

/** The first endpoint of the file whose addresses hold, and the first that is usable: without a host the address must be known. */
function firstCovering(groups: readonly Group[], nowMs: number, addresses: Addresses) {
  let covered: CompiledEndpoint | null = null;
  let usable: CompiledEndpoint | null = null;
  for (const group of groups) {
    const first = group.firstCovering(nowMs, addresses);
    if (first === null) continue;
    if (covered === null || first.order < covered.order) covered = first;
    if (group.hostless && addresses.length === 0) continue;
    if (usable === null || first.order < usable.order) usable = first;
  }
  return { covered, usable };
}

function missingMiddleware({ missingMiddlewares }: CompiledPolicy, host: string): string | null {
  for (const { key, include, exclude } of missingMiddlewares)
    if (include.some((matches) => matches(host)) && !exclude.some((matches) => matches(host))) return key;
  return null;
}

interface Miss {
  host: string;
  port: number;
  caller: Caller;
  groups: readonly Group[];
  addresses: Addresses;
  nowMs: number;
}

function nothingCovers(compiled: CompiledPolicy, miss: Miss): Verdict {
  const { groups, addresses, nowMs } = miss;
  let candidate: CompiledEndpoint | null = null;
  for (const group of groups) {
    const first = group.summary.at(nowMs)?.first;
    if (first !== undefined && (candidate === null || first.order < candidate.order)) candidate = first;
  }
  const rule = candidate?.entry.key ?? null;
  const uncovered = addresses.map(uncoveredReason);
  // A private address is denied in any mode, also behind one that monitor mode would let pass.
  const hard = uncovered.find((one) => one.hard);
  if (hard !== undefined) return denyHard(rule, sentence(hard.reason));
  const [soft] = uncovered;
  if (soft !== undefined && candidate !== null) return deny(rule, sentence(soft.reason));
  return denyUnnamed(null, whyNoCandidate(compiled, miss));
}

/** How many entries a reason lists. */
const LISTED_KEYS_MAX = 5;

/** For people: the nearest miss. */
function whyNoCandidate(compiled: CompiledPolicy, { host, port, caller, groups }: Miss): string {
  const buckets = compiled.hosts.bucketsFor(host, port);
  if (buckets.length === 0) return `No entry names ${host}:${port}.`;
  // Whoever is named and was no candidate has expired.
  const expired = groups.flatMap((group) => group.endpoints[0] ?? []).sort((a, b) => a.order - b.order)[0];
  if (expired !== undefined) return `Entry \`${expired.entry.key}\` names this, but has expired.`;
  const keys = buckets
    .flatMap((bucket) => bucket.firstKeys(LISTED_KEYS_MAX))
    .sort((a, b) => a.order - b.order)
    .map(({ key }) => `\`${key}\``);
  const listed = [...new Set(keys)].slice(0, LISTED_KEYS_MAX).join(", ");
  const { binary } = caller;
  if (buckets.some((bucket) => bucket.programs.names(binary)))
    return `${host}:${port} is named by ${listed} for ${quoted(binary)}, but its pinned digest or script does not match.`;
  return `${host}:${port} is named by ${listed}, but not for ${quoted(binary)}.`;
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
