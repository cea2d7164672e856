/**
 * One decision. Threat: a request that gets through because nobody said no. Invariant: deny unless an entry in force names this
 * program, host, port and request; a deny rule of any matching entry beats every allow; what protects the host itself is never
 * softened by monitor or audit.
 */

import { canonicalAddress } from "../canonical/address.ts";
import { canonicalHost, isIpLiteral } from "../canonical/host.ts";
import type { PolicyDecision, PolicyRequest } from "../types.ts";
import { endpointCovers, shutAddressReason, uncoveredReason } from "./addresses.ts";
import { type Caller, isVouchedPath } from "./binary.ts";
import { candidatesFor, endpointsFor } from "./candidates.ts";
import type { CompiledEndpoint, CompiledPolicy } from "./compile.ts";
import { INFERENCE_HOST, judgeInference } from "./inference.ts";
import { judgeRequest } from "./request.ts";
import { allow, deny, denyHard, type Verdict } from "./verdict.ts";

/** Judges a connection, or with `method` a request. Pure; `nowMs` is the only clock. */
export function decide(compiled: CompiledPolicy, request: PolicyRequest, nowMs: number): PolicyDecision {
  const verdict = judge(compiled, request, nowMs);
  const { rule, reason } = verdict;
  if (verdict.allowed) return { decision: "allow", rule, reason };
  const softened = !verdict.hard && (verdict.audit || isMonitoring(compiled, nowMs));
  return { decision: softened ? "would_deny" : "deny", rule, reason };
}

export const isMonitoring = (compiled: CompiledPolicy, nowMs: number): boolean =>
  compiled.monitorUntilMs !== null && nowMs < compiled.monitorUntilMs;

export const callerOf = (request: Pick<PolicyRequest, "binary" | "sha256" | "script" | "ancestors">): Caller => ({
  binary: request.binary,
  sha256: request.sha256?.toLowerCase().replace(/^sha256:/, ""),
  script: request.script,
  ancestors: (request.ancestors ?? []).filter(isVouchedPath),
});

function judge(compiled: CompiledPolicy, request: PolicyRequest, nowMs: number): Verdict {
  if (!isVouchedPath(request.binary)) return denyHard(null, "Nobody vouched for the program that asks.");
  const host = canonicalHost(request.host);
  if (host === null) return denyHard(null, "The host has no single reading.");
  if (!Number.isInteger(request.port) || request.port < 1 || request.port > 65535)
    return denyHard(null, "The port is none.");
  const caller = callerOf(request);
  const inference = host === INFERENCE_HOST ? judgeInference(compiled, request, caller) : null;
  if (inference !== null) return inference;
  const addresses = addressesOf(host, request.ip);
  if (addresses === null) return denyHard(null, "The resolved address cannot be read.");
  for (const ip of addresses) {
    const shut = shutAddressReason(ip);
    if (shut !== null) return denyHard(null, `${sentence(shut)}`);
  }
  const candidates = candidatesFor(compiled, host, request.port, caller, nowMs);
  const covered = candidates.filter((endpoint) => addresses.every((ip) => endpointCovers(endpoint, ip)));
  if (covered.length === 0) return nothingCovers(compiled, host, request, candidates, addresses, nowMs);
  // Without a host the address is the whole condition, so it must be known.
  const usable = covered.filter((endpoint) => endpoint.endpoint.host !== "" || addresses.length > 0);
  const [first] = usable;
  if (first === undefined)
    return deny(covered[0]?.entry.key ?? null, "The entry is bound to addresses, and the address is not known.");
  const middleware = compiled.missingMiddlewares.find(
    (one) => one.include.some((matches) => matches(host)) && !one.exclude.some((matches) => matches(host)),
  );
  if (middleware !== undefined)
    return deny(
      first.entry.key,
      `Middleware \`${middleware.key}\` must see this traffic, fails closed, and is not available here.`,
    );
  if (request.method === undefined)
    return allow(first.entry.key, `Entry \`${first.entry.key}\` names this program, host and port.`);
  return judgeRequest(usable, candidates, request, request.method);
}

/** Every address the connection would reach, canonical; null when one cannot be read. */
export function addressesOf(host: string, ip: string | undefined): string[] | null {
  const addresses = isIpLiteral(host) ? [host] : [];
  if (ip !== undefined) {
    const canonical = canonicalAddress(ip);
    if (canonical === null) return null;
    addresses.push(canonical);
  }
  return addresses;
}

function nothingCovers(
  compiled: CompiledPolicy,
  host: string,
  request: PolicyRequest,
  candidates: readonly CompiledEndpoint[],
  addresses: readonly string[],
  nowMs: number,
): Verdict {
  const [uncovered] = addresses.flatMap((ip) => {
    const found = uncoveredReason(ip);
    return found.hard || candidates.length > 0 ? [found] : [];
  });
  if (uncovered !== undefined) {
    const rule = candidates[0]?.entry.key ?? null;
    return uncovered.hard ? denyHard(rule, sentence(uncovered.reason)) : deny(rule, sentence(uncovered.reason));
  }
  return deny(null, whyNoCandidate(compiled, host, request, nowMs));
}

/** For people: the nearest miss. */
function whyNoCandidate(compiled: CompiledPolicy, host: string, request: PolicyRequest, nowMs: number): string {
  const named = endpointsFor(compiled, host, request.port);
  if (named.length === 0) return `No entry names ${host}:${request.port}.`;
  const caller = callerOf(request);
  const expired = named.find(
    (endpoint) => endpoint.entry.expiresAtMs <= nowMs && endpoint.entry.binaries.some((b) => b.matches(caller)),
  );
  if (expired !== undefined) return `Entry \`${expired.entry.key}\` names this, but has expired.`;
  const keys = [...new Set(named.map((endpoint) => `\`${endpoint.entry.key}\``))].slice(0, 5).join(", ");
  const { binary } = request;
  if (named.some((e) => e.entry.binaries.some((b) => b.exact === binary)))
    return `${host}:${request.port} is named by ${keys} for ${binary}, but its pinned digest or script does not match.`;
  return `${host}:${request.port} is named by ${keys}, but not for ${binary}.`;
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
