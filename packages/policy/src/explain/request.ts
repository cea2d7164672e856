/** One request on a connection that is allowed: deny rules, selectors, then the rules that came closest. */
import type { CompiledEndpoint } from "../engine/compile.ts";
import { methodsOf, selects } from "../engine/request.ts";
import { type JudgedTarget, judgeTarget } from "../engine/target.ts";
import { judgeProtocol } from "../protocols/judge.ts";
import type { ProtocolRequest } from "../protocols/types.ts";
import type { Cause, Traced } from "./cause.ts";
import { type Asked, ended, type OpenConnection } from "./connection.ts";
import { traceNearest } from "./nearest-rules.ts";
import { denyHolds, ruleAllows } from "./parts.ts";
import { readingOf } from "./readings.ts";
import { ANSWERS_MAX, endpointField, Trace } from "./trace.ts";

export function traceRequest(asked: Asked, open: OpenConnection): Traced {
  const { policy, request, trace } = asked;
  const [first] = open.usable;
  if (first !== undefined && !open.candidates.some((endpoint) => endpoint.inspected))
    return ended(
      { kind: "allowed_connection", endpoint: first, usable: open.usable },
      "The connection is allowed without looking into it",
      endpointField(policy, first.entry.key, first.endpoint),
    );
  const reading = "The method and the target have one reading";
  const methods = methodsOf(request.method ?? "", request);
  if (methods === null)
    return ended(hard("The method is none, or CONNECT.", "Send a plain HTTP method; tunnels are refused."), reading);
  const target = request.path === undefined ? null : judgeTarget(request.path);
  if (target === null)
    return ended(
      hard(
        "The request target can be read in more than one way, or is missing.",
        "Send a plain path: no `..` above the root, no `;`, `\\` or `#`, no double or malformed escapes.",
      ),
      reading,
    );
  trace.add("holds", reading, `It is ${methods.join(" and ")} ${target.path}.`);
  if (methods.length > 1)
    trace.add("holds", "A header names a second method", `The request is judged as ${methods.join(" and as ")}.`);
  return decisive(
    methods.map((method) => traceMethod(asked, open, { request, method, target })),
    asked.trace,
  );
}

const hard = (why: string, advice: string): Cause => ({ kind: "hard", why, advice });

interface MethodTrace {
  traced: Traced;
  allowed: boolean;
  steps: Trace;
}

/** The same choice as the engine's: a plain denial, else one in audit, else the first. */
function decisive(traces: readonly MethodTrace[], trace: Trace): Traced {
  const chosen =
    traces.find((one) => !one.allowed && one.traced.audit === null) ?? traces.find((one) => !one.allowed) ?? traces[0];
  if (chosen === undefined) return ended({ kind: "unnamed" }, "Some rule allows it");
  trace.steps.push(...chosen.steps.steps);
  return chosen.traced;
}

function traceMethod(asked: Asked, open: OpenConnection, request: ProtocolRequest): MethodTrace {
  const steps = new Trace(asked);
  const denied = traceDenies(asked, open.candidates, request, steps);
  if (denied !== null) return { traced: denied, allowed: false, steps };
  const traced = traceAllows(asked, open.usable, request, steps);
  return {
    traced,
    allowed: traced.cause.kind === "allowed_request" || traced.cause.kind === "allowed_connection",
    steps,
  };
}

function traceDenies(
  { policy }: Asked,
  candidates: readonly CompiledEndpoint[],
  request: ProtocolRequest,
  steps: Trace,
): Traced | null {
  let softened: Traced | null = null;
  let looked = 0;
  for (const endpoint of candidates) {
    if (!endpoint.inspected || endpoint.deny.all.length === 0 || !covers(endpoint, request.target)) continue;
    const { key } = endpoint.entry;
    const title = `No deny rule of entry \`${key}\` holds`;
    const reason = judgeProtocol(endpoint, request).denied;
    if (reason === null) {
      const count = endpoint.deny.all.length;
      if (looked++ < ANSWERS_MAX)
        steps.add(
          "holds",
          title,
          `${count === 1 ? "Its one deny rule was" : `Its ${count} deny rules were`} looked at.`,
          `${endpointField(policy, key, endpoint.endpoint)}.deny_rules`,
        );
      continue;
    }
    const traced = deniedBy({ policy, endpoint, request, steps, title, reason });
    if (traced.audit === null) return traced;
    softened ??= traced;
  }
  return softened;
}

interface Holding {
  policy: Asked["policy"];
  endpoint: CompiledEndpoint;
  request: ProtocolRequest;
  steps: Trace;
  title: string;
  reason: string;
}

function deniedBy({ policy, endpoint, request, steps, title, reason }: Holding): Traced {
  const clauses = endpoint.endpoint.deny_rules ?? [];
  const found = clauses.findIndex((clause) => denyHolds(endpoint, clause, request));
  const index = Math.max(0, found);
  const clause = clauses[index];
  const field = `${endpointField(policy, endpoint.entry.key, endpoint.endpoint)}.deny_rules[${index}]`;
  const reading = clause === undefined ? null : readingOf(clause, request.target);
  steps.add("fails", title, reading === null ? reason : `${reason} ${reading}`, field);
  const traced = ended({ kind: "denied", ref: { key: endpoint.entry.key, endpoint, index } }, title, field);
  return endpoint.endpoint.enforcement === "audit" ? { ...traced, audit: endpoint } : traced;
}

const covers = (endpoint: CompiledEndpoint, target: JudgedTarget): boolean => selects(endpoint, target.denyPaths);

function traceAllows(
  asked: Asked,
  usable: readonly CompiledEndpoint[],
  request: ProtocolRequest,
  steps: Trace,
): Traced {
  const { policy } = asked;
  const selected = usable.filter((endpoint) => covers(endpoint, request.target));
  const longest = Math.max(...selected.map((endpoint) => endpoint.specificity));
  const speaking = selected.filter((endpoint) => endpoint.specificity === longest);
  traceSelectors(asked, usable, speaking, request, steps);
  if (speaking.length === 0) return ended({ kind: "missing", speaking, usable }, "Some endpoint covers the path");
  let missed: CompiledEndpoint | null = null;
  for (const endpoint of speaking) {
    const field = endpointField(policy, endpoint.entry.key, endpoint.endpoint);
    if (!endpoint.inspected)
      return ended({ kind: "allowed_connection", endpoint, usable }, "Some rule allows it", field);
    if (speaksFor(endpoint, request)) {
      const rule = ruleThatAllows(endpoint, request);
      const deciding = rule === null ? whatGives(endpoint, field) : `${field}.rules[${rule}]`;
      return ended({ kind: "allowed_request", endpoint, rule }, "Some rule allows it", deciding);
    }
    if (missed === null || (endpoint.endpoint.enforcement === "audit" && missed.endpoint.enforcement !== "audit"))
      missed = softens(endpoint, request) ? endpoint : (missed ?? endpoint);
  }
  traceNearest(asked, speaking, request, steps);
  const traced = ended({ kind: "missing", speaking, usable }, "Some rule allows it");
  return missed !== null && missed.endpoint.enforcement === "audit" && softens(missed, request)
    ? { ...traced, audit: missed }
    : traced;
}

const whatGives = (endpoint: CompiledEndpoint, field: string): string =>
  endpoint.endpoint.access !== undefined
    ? `${field}.access`
    : endpoint.endpoint.mcp !== undefined
      ? `${field}.mcp`
      : field;

const slashRefused = (endpoint: CompiledEndpoint, request: ProtocolRequest): boolean =>
  request.target.encodedSlash && endpoint.endpoint.allow_encoded_slash !== true;

/** An encoded slash is refused even in audit, where a rule would have allowed the request. */
const softens = (endpoint: CompiledEndpoint, request: ProtocolRequest): boolean =>
  judgeProtocol(endpoint, request).allowed === null || !slashRefused(endpoint, request);

function speaksFor(endpoint: CompiledEndpoint, request: ProtocolRequest): boolean {
  const { request: conditions } = endpoint.entry;
  return (
    judgeProtocol(endpoint, request).allowed !== null &&
    !slashRefused(endpoint, request) &&
    (conditions === null || conditions.allows(request.request))
  );
}

function ruleThatAllows(endpoint: CompiledEndpoint, request: ProtocolRequest): number | null {
  const rules = endpoint.endpoint.rules ?? [];
  const index = rules.findIndex(({ allow }) => ruleAllows(endpoint, allow, request));
  return index === -1 ? null : index;
}

function traceSelectors(
  { policy }: Asked,
  usable: readonly CompiledEndpoint[],
  speaking: readonly CompiledEndpoint[],
  request: ProtocolRequest,
  steps: Trace,
): void {
  if (usable.every((endpoint) => endpoint.selector === null)) return;
  for (const endpoint of usable.slice(0, ANSWERS_MAX)) {
    const { key } = endpoint.entry;
    const field = endpointField(policy, key, endpoint.endpoint);
    const path = endpoint.endpoint.path;
    const title = `The endpoint of entry \`${key}\`${path === undefined ? "" : ` with path \`${path}\``} speaks`;
    const at = path === undefined ? field : `${field}.path`;
    if (speaking.includes(endpoint)) steps.add("holds", title, "None with a longer path covers the request.", at);
    else if (covers(endpoint, request.target))
      steps.add("skipped", title, "An endpoint with a longer path covers the request and speaks alone.", at);
    else steps.add("skipped", title, `Its path does not cover ${request.target.path}.`, at);
  }
}
