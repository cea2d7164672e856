/**
 * The order of a decision (docs/policy/meaning.md), told plainly: every endpoint of the file is asked, one after the other. Slow and
 * obvious; it shares the judges of a single endpoint with the engine, and none of its indexes.
 */
import { canonicalAddress } from "../src/canonical/address.ts";
import { canonicalHost, isIpLiteral } from "../src/canonical/host.ts";
import { covers, readAddress, shutAddressReason, uncoveredReason } from "../src/engine/addresses.ts";
import { isVouchedPath } from "../src/engine/binary.ts";
import { callerOf } from "../src/engine/decide.ts";
import { type CompiledEndpoint, compileHostGlob, LazyEndpoint, LazyEntry } from "../src/engine/endpoint.ts";
import { headerOf } from "../src/engine/headers.ts";
import { judgeTarget } from "../src/engine/target.ts";
import type { Policy, PolicyDecision, PolicyRequest } from "../src/index.ts";
import { judgeProtocol } from "../src/protocols/judge.ts";
import type { ProtocolRequest } from "../src/protocols/types.ts";

interface Verdict extends PolicyDecision {
  hard: boolean;
  audit: boolean;
}
const allow = (rule: string, reason: string): Verdict => ({
  decision: "allow",
  rule,
  reason,
  hard: false,
  audit: false,
});
const deny = (rule: string | null, reason: string, audit = false): Verdict => ({
  decision: "deny",
  rule,
  reason,
  hard: false,
  audit,
});
const denyHard = (rule: string | null, reason: string): Verdict => ({ ...deny(rule, reason), hard: true });
const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** Knows neither the model host nor middlewares, which no index touches. */
export function referenceDecide(policy: Policy, request: PolicyRequest, nowMs: number): PolicyDecision {
  const { decision, rule, reason, hard, audit } = judge(policy, request, nowMs);
  if (decision === "allow") return { decision, rule, reason };
  const until = policy.monitor_until === undefined ? Number.POSITIVE_INFINITY : Date.parse(policy.monitor_until);
  const softened = !hard && (audit || (policy.mode === "monitor" && nowMs < until));
  return { decision: softened ? "would_deny" : "deny", rule, reason };
}

function everyEndpoint(policy: Policy): CompiledEndpoint[] {
  let order = 0;
  return Object.keys(policy.network_policies)
    .sort()
    .flatMap((key) => {
      const source = policy.network_policies[key];
      if (source === undefined) return [];
      const entry = new LazyEntry(key, source);
      return source.endpoints.map((endpoint) => new LazyEndpoint(entry, endpoint, order++));
    });
}

function judge(policy: Policy, request: PolicyRequest, nowMs: number): Verdict {
  if (!isVouchedPath(request.binary)) return denyHard(null, "Nobody vouched for the program that asks.");
  const host = canonicalHost(request.host);
  if (host === null) return denyHard(null, "The host has no single reading.");
  if (!(Number.isInteger(request.port) && request.port >= 1 && request.port <= 65535))
    return denyHard(null, "The port is none.");
  const texts = isIpLiteral(host) ? [host] : [];
  if (request.ip !== undefined) {
    const canonical = canonicalAddress(request.ip);
    if (canonical === null) return denyHard(null, "The resolved address cannot be read.");
    texts.push(canonical);
  }
  const addresses = texts.map(readAddress);
  for (const address of addresses) {
    const shut = shutAddressReason(address);
    if (shut !== null) return denyHard(null, sentence(shut));
  }
  const caller = callerOf(request);
  const named = everyEndpoint(policy).filter(({ endpoint }) => {
    const matches =
      endpoint.host === "" ||
      endpoint.host === host ||
      (endpoint.host.includes("*") && compileHostGlob(endpoint.host)(host));
    return matches && endpoint.ports.includes(request.port);
  });
  const ofProgram = named.filter(({ entry }) => entry.binaries.some((binary) => binary.matches(caller)));
  const candidates = ofProgram.filter(({ entry }) => entry.expiresAtMs > nowMs);
  const covered = candidates.filter((endpoint) => covers(endpoint, addresses));
  if (covered.length === 0) {
    const rule = candidates[0]?.entry.key ?? null;
    const uncovered = addresses.map(uncoveredReason);
    const hard = uncovered.find((one) => one.hard);
    if (hard !== undefined) return denyHard(rule, sentence(hard.reason));
    const [soft] = uncovered;
    if (soft !== undefined && candidates.length > 0) return deny(rule, sentence(soft.reason));
    return deny(null, nearestMiss(`${host}:${request.port}`, request.binary, named, ofProgram));
  }
  const usable = covered.filter(({ endpoint }) => endpoint.host !== "" || addresses.length > 0);
  const [first] = usable;
  if (first === undefined)
    return deny(covered[0]?.entry.key ?? null, "The entry is bound to addresses, and the address is not known.");
  const { key } = first.entry;
  if (request.method === undefined) return allow(key, `Entry \`${key}\` names this program, host and port.`);
  if (!candidates.some((endpoint) => endpoint.inspected))
    return allow(key, `Entry \`${key}\` allows the connection without looking into it.`);
  return judgeMethods(usable, candidates, request);
}

function nearestMiss(
  target: string,
  binary: string,
  named: readonly CompiledEndpoint[],
  ofProgram: readonly CompiledEndpoint[],
): string {
  if (named.length === 0) return `No entry names ${target}.`;
  const [expired] = ofProgram;
  if (expired !== undefined) return `Entry \`${expired.entry.key}\` names this, but has expired.`;
  const keys = [...new Set(named.map(({ entry }) => `\`${entry.key}\``))].slice(0, 5).join(", ");
  return named.some(({ entry }) => entry.binaries.some(({ exact }) => exact === binary))
    ? `${target} is named by ${keys} for ${binary}, but its pinned digest or script does not match.`
    : `${target} is named by ${keys}, but not for ${binary}.`;
}

function judgeMethods(
  usable: readonly CompiledEndpoint[],
  candidates: readonly CompiledEndpoint[],
  request: PolicyRequest,
): Verdict {
  const { headers = {}, method = "" } = request;
  const named = ["x-http-method-override", "x-http-method", "x-method-override"].flatMap(
    (name) => headerOf(headers, name) ?? [],
  );
  const methods = [...new Set([method, ...named.map((name) => name.trim())].map((name) => name.toUpperCase()))];
  if (!methods.every((name) => /^[A-Z][A-Z0-9_-]{0,31}$/.test(name) && name !== "CONNECT"))
    return denyHard(null, "The method is none, or CONNECT, which nothing could inspect.");
  const target = request.path === undefined ? null : judgeTarget(request.path);
  if (target === null)
    return denyHard(null, "The request target has no single reading, so it is refused rather than guessed.");
  const verdicts = methods.map((name) => judgeOne(usable, candidates, { request, method: name, target }));
  const denied = verdicts.filter((verdict) => verdict.decision !== "allow");
  return denied.find((verdict) => !verdict.audit) ?? denied[0] ?? verdicts[0] ?? deny(null, "");
}

function judgeOne(
  usable: readonly CompiledEndpoint[],
  candidates: readonly CompiledEndpoint[],
  request: ProtocolRequest,
): Verdict {
  const { target } = request;
  const selects = ({ selector }: CompiledEndpoint) => selector === null || target.denyPaths.some(selector);
  const denials = candidates
    .filter((endpoint) => endpoint.inspected && selects(endpoint))
    .flatMap((endpoint) => {
      const { denied } = judgeProtocol(endpoint, request);
      return denied === null ? [] : [deny(endpoint.entry.key, denied, endpoint.audit)];
    });
  const denial = denials.find((verdict) => !verdict.audit) ?? denials[0];
  if (denial !== undefined) return denial;
  const selected = usable.filter(selects);
  if (selected.length === 0) return deny(usable[0]?.entry.key ?? null, `No endpoint's path covers ${target.path}.`);
  const longest = Math.max(...selected.map((endpoint) => endpoint.specificity));
  const verdicts = selected
    .filter((endpoint) => endpoint.specificity === longest)
    .map((endpoint) => allowanceOf(endpoint, request));
  return (
    verdicts.find((verdict) => verdict.decision === "allow") ??
    verdicts.find((verdict) => verdict.audit) ??
    verdicts[0] ??
    deny(null, "")
  );
}

function allowanceOf(endpoint: CompiledEndpoint, request: ProtocolRequest): Verdict {
  const { key, request: matcher } = endpoint.entry;
  const { path } = request.target;
  if (endpoint.exactSelector !== null && !endpoint.exactSelector(path))
    return deny(
      key,
      `Entry \`${key}\` covers ${path} only in another spelling, so it denies and does not allow.`,
      endpoint.audit,
    );
  if (!endpoint.inspected) return allow(key, `Entry \`${key}\` allows this host and port without conditions.`);
  const { allowed, missing } = judgeProtocol(endpoint, request);
  if (allowed === null) return deny(key, missing, endpoint.audit);
  if (request.target.encodedSlash && endpoint.endpoint.allow_encoded_slash !== true)
    return deny(key, "The path holds an encoded slash, and `allow_encoded_slash` is not set.", endpoint.audit);
  if (matcher !== null && !matcher.allows(request.request))
    return deny(key, "The entry's `request` conditions do not hold.", endpoint.audit);
  return allow(key, allowed);
}
