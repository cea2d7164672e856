/** What the gateway needs to know of a connection before it reads a byte. */
import { canonicalHost } from "../canonical/host.ts";
import { plannedByException } from "../exceptions/judge.ts";
import type { EndpointPlan, PolicyRequest } from "../types.ts";
import { isVouchedPath } from "./binary.ts";
import type { CompiledPolicy } from "./compiled.ts";
import { callerOf, decide, decideByPolicy, isMonitoring } from "./decide.ts";
import type { Group } from "./group.ts";
import { INFERENCE_HOST, INFERENCE_RULE } from "./inference.ts";
import { addTotals, type Totals } from "./summary.ts";

/** Names the rule of a connection that only monitor mode lets pass. */
export const MONITOR_RULE = "mode.monitor";
/** Ports where an unknown connection is almost surely HTTP or TLS, so that monitor mode can see its requests. */
const WEB_PORTS = [80, 443];
/** What the gateway needs for judging a model's name: a prompt may be long. */
const INFERENCE_BODY_BYTES_MAX = 10 * 1024 * 1024;

type PlanRequest = Pick<
  PolicyRequest,
  "binary" | "sha256" | "script" | "library" | "ancestors" | "host" | "port" | "held"
>;

/** Null: the connection is denied. The addresses are judged later, by `decide` with `ip`. */
export function planEndpoint(compiled: CompiledPolicy, request: PlanRequest, nowMs: number): EndpointPlan | null {
  const own = planByPolicy(compiled, request, nowMs);
  const { exceptions } = compiled;
  // Whatever the policy plans, it plans alone; and a connection that it denies by name stays denied.
  if (own !== null || exceptions === null) return own;
  if (decide(compiled, { ...request, method: undefined }, nowMs).decision !== "allow") return null;
  return plannedByException(exceptions, request.held, ({ alone }) => planByPolicy(alone, request, nowMs));
}

function planByPolicy(compiled: CompiledPolicy, request: PlanRequest, nowMs: number): EndpointPlan | null {
  const host = canonicalHost(request.host);
  if (host === null || !isVouchedPath(request.binary)) return null;
  const groups = compiled.hosts.groupsFor(host, request.port, callerOf(request));
  const all = totalsOf(groups, nowMs);
  // Endpoints without a host wait for the address; every other denial is final here.
  const verdict = decideByPolicy(compiled, { ...request, method: undefined }, nowMs);
  const addressPending = verdict.decision !== "allow" && all?.hostless === true;
  if (verdict.decision === "deny" && !addressPending) return null;
  if (host === INFERENCE_HOST && verdict.rule === INFERENCE_RULE)
    return inferencePlan(compiled, verdict.decision === "would_deny");
  if (all === null) return monitorPlan(request.port);
  return {
    handling: all.inspected ? "inspect" : "raw",
    rule: verdict.rule ?? all.first.entry.key,
    allowedIps: all.anyPublic ? [] : allowedIpsOf(groups, nowMs),
    wouldDeny: verdict.decision === "would_deny" && isMonitoring(compiled, nowMs),
    allowEncodedSlash: all.encodedSlash,
    bodyBytesMax: all.bodyBytesMax,
    webSocketText: all.webSocketText,
    limits: all.first.entry.limits,
  };
}

/** What holds of all endpoints of the connection that are in force; null: there is none. */
function totalsOf(groups: readonly Group[], nowMs: number): (Totals & { hostless: boolean }) | null {
  let totals: Totals | null = null;
  let hostless = false;
  for (const group of groups) {
    const own = group.summary.at(nowMs);
    if (own === null) continue;
    totals = totals === null ? own : addTotals(totals, own);
    hostless ||= group.hostless;
  }
  return totals === null ? null : { ...totals, hostless };
}

/** Every address that some endpoint in force names, in the order of the file. */
function allowedIpsOf(groups: readonly Group[], nowMs: number): string[] {
  const endpoints = groups
    .flatMap((group) => group.endpoints)
    .filter((endpoint) => endpoint.entry.expiresAtMs > nowMs)
    .sort((a, b) => a.order - b.order);
  return [...new Set(endpoints.flatMap(({ endpoint }) => endpoint.allowed_ips ?? []))];
}

const plain = { allowedIps: [], allowEncodedSlash: false, webSocketText: false, limits: null };

const inferencePlan = (compiled: CompiledPolicy, wouldDeny: boolean): EndpointPlan => ({
  ...plain,
  handling: "inspect",
  rule: INFERENCE_RULE,
  wouldDeny,
  bodyBytesMax: compiled.inference?.models == null ? 0 : INFERENCE_BODY_BYTES_MAX,
});

const monitorPlan = (port: number): EndpointPlan => ({
  ...plain,
  handling: WEB_PORTS.includes(port) ? "inspect" : "raw",
  rule: MONITOR_RULE,
  wouldDeny: true,
  bodyBytesMax: 0,
});
