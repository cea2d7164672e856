/** What the gateway needs to know of a connection before it reads a byte. */
import { canonicalHost } from "../canonical/host.ts";
import { BODY_BYTES_DEFAULT } from "../limits.ts";
import type { EndpointPlan, PolicyRequest } from "../types.ts";
import { isVouchedPath } from "./binary.ts";
import { candidatesFor } from "./candidates.ts";
import type { CompiledEndpoint, CompiledPolicy } from "./compile.ts";
import { callerOf, decide, isMonitoring } from "./decide.ts";
import { INFERENCE_HOST, INFERENCE_RULE } from "./inference.ts";

/** Names the rule of a connection that only monitor mode lets pass. */
export const MONITOR_RULE = "mode.monitor";
/** Ports where an unknown connection is almost surely HTTP or TLS, so that monitor mode can see its requests. */
const WEB_PORTS = [80, 443];
/** What the gateway needs for judging a model's name: a prompt may be long. */
const INFERENCE_BODY_BYTES_MAX = 10 * 1024 * 1024;

type PlanRequest = Pick<PolicyRequest, "binary" | "sha256" | "script" | "ancestors" | "host" | "port">;

/** Null: the connection is denied. The addresses are judged later, by `decide` with `ip`. */
export function planEndpoint(compiled: CompiledPolicy, request: PlanRequest, nowMs: number): EndpointPlan | null {
  const host = canonicalHost(request.host);
  if (host === null || !isVouchedPath(request.binary)) return null;
  const candidates = candidatesFor(compiled, host, request.port, callerOf(request), nowMs);
  // Endpoints without a host wait for the address; every other denial is final here.
  const hostless = candidates.some((candidate) => candidate.endpoint.host === "");
  const verdict = decide(compiled, { ...request, method: undefined }, nowMs);
  const addressPending = hostless && verdict.decision !== "allow" && candidates.length > 0;
  if (verdict.decision === "deny" && !addressPending) return null;
  if (host === INFERENCE_HOST && verdict.rule === INFERENCE_RULE)
    return inferencePlan(compiled, verdict.decision === "would_deny");
  const [first] = candidates;
  if (first === undefined) return monitorPlan(request.port);
  const inspected = candidates.filter((candidate) => candidate.inspected);
  return {
    handling: inspected.length > 0 ? "inspect" : "raw",
    rule: verdict.rule ?? first.entry.key,
    allowedIps: candidates.some((candidate) => candidate.endpoint.allowed_ips === undefined)
      ? []
      : [...new Set(candidates.flatMap((candidate) => candidate.endpoint.allowed_ips ?? []))],
    wouldDeny: verdict.decision === "would_deny" && isMonitoring(compiled, nowMs),
    allowEncodedSlash: inspected.some((candidate) => candidate.endpoint.allow_encoded_slash === true),
    bodyBytesMax: Math.max(0, ...inspected.map(bodyBytesNeeded)),
    webSocketText: inspected.some((candidate) => candidate.endpoint.protocol === "websocket"),
    limits: first.entry.limits,
  };
}

function bodyBytesNeeded({ endpoint, entry }: CompiledEndpoint): number {
  const clauses = (endpoint.rules ?? []).map((rule) => rule.allow.request?.max_body_bytes ?? 0);
  const byRequest = Math.max(0, entry.request?.bodyBytesMax ?? 0, ...clauses);
  const byProtocol =
    endpoint.protocol === "graphql"
      ? (endpoint.graphql_max_body_bytes ?? BODY_BYTES_DEFAULT)
      : endpoint.protocol === "mcp"
        ? (endpoint.mcp?.max_body_bytes ?? BODY_BYTES_DEFAULT)
        : endpoint.protocol === "json-rpc"
          ? (endpoint.json_rpc?.max_body_bytes ?? BODY_BYTES_DEFAULT)
          : 0;
  return Math.max(byRequest, byProtocol);
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
