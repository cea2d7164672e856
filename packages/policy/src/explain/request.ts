/** One request on a connection that is allowed: deny rules, selectors, then the rules that came closest. */
import { canonicalPath } from "../canonical/path.ts";
import type { Endpoint } from "../model.ts";
import type { PolicyRequest } from "../types.ts";
import { ended, hard, type Traced } from "./cause.ts";
import type { OpenConnection } from "./connection.ts";
import { traceNearest } from "./nearest-rules.ts";
import {
  conditionsHold,
  denyHolds,
  type EndpointRef,
  endpointAllows,
  requestReadable,
  ruleAllows,
  selectorCovers,
  selectorSpeaks,
  slashAccepted,
} from "./probe.ts";
import { readingOf } from "./readings.ts";
import { ANSWERS_MAX, type Asked, endpointField } from "./trace.ts";

export const isInspected = ({ protocol }: Endpoint): boolean => protocol !== undefined && protocol !== "tcp";
const isAudit = ({ endpoint }: EndpointRef): boolean => endpoint.enforcement === "audit";

export function traceRequest(asked: Asked, open: OpenConnection): Traced {
  const { request, trace } = asked;
  const [first] = open.usable;
  if (first !== undefined && !open.candidates.some(({ endpoint }) => isInspected(endpoint)))
    return ended(
      { kind: "allowed_connection", at: first },
      "The connection is allowed without looking into it",
      endpointField(first),
    );
  const reading = "The method and the target have one reading";
  if (!requestReadable(request))
    return hard(
      reading,
      "The method or the target can be read in more than one way, is missing, or asks for a tunnel.",
      "Send a plain HTTP method and a plain path: no `..` above the root, no `;`, `\\` or `#`, no double or malformed escapes.",
    );
  trace.add("holds", reading, `It is ${request.method?.toUpperCase() ?? ""} ${pathOf(request)}.`);
  return traceDenies(asked, open.candidates) ?? traceAllows(asked, open.usable);
}

export const pathOf = (request: PolicyRequest): string =>
  canonicalPath(request.path ?? "", { allowEncodedSlash: true })?.path ?? "";

function traceDenies({ request, trace }: Asked, candidates: readonly EndpointRef[]): Traced | null {
  let softened: Traced | null = null;
  let looked = 0;
  for (const at of candidates) {
    const clauses = at.endpoint.deny_rules ?? [];
    if (!isInspected(at.endpoint) || clauses.length === 0 || !selectorSpeaks(at.endpoint.path, request)) continue;
    const title = `No deny rule of entry \`${at.key}\` holds`;
    const field = `${endpointField(at)}.deny_rules`;
    if (!denyHolds(at.endpoint, clauses, request)) {
      const detail =
        clauses.length === 1 ? "Its one deny rule was looked at." : `Its ${clauses.length} deny rules were looked at.`;
      if (looked++ < ANSWERS_MAX) trace.add("holds", title, detail, field);
      continue;
    }
    const index = Math.max(
      0,
      clauses.findIndex((clause) => denyHolds(at.endpoint, [clause], request)),
    );
    const clause = clauses[index];
    const reading = clause === undefined ? null : readingOf(clause, request);
    const held = `deny_rules[${index}] holds${clauses.length === 1 ? "" : `, of ${clauses.length}`}.`;
    trace.add("fails", title, reading === null ? held : `${held} ${reading}`, `${field}[${index}]`);
    const traced = ended({ kind: "denied", ref: { at, index } }, title, `${field}[${index}]`);
    if (!isAudit(at)) return traced;
    softened ??= { ...traced, audit: at };
  }
  return softened;
}

function traceAllows(asked: Asked, usable: readonly EndpointRef[]): Traced {
  const { request, trace } = asked;
  const selected = usable.filter(({ endpoint }) => selectorSpeaks(endpoint.path, request));
  const longest = Math.max(...selected.map(specificity));
  const speaking = selected.filter((ref) => specificity(ref) === longest);
  traceSelectors(asked, { usable, selected, speaking });
  if (speaking.length === 0) return ended({ kind: "missing", speaking: [] }, "Some endpoint covers the path");
  let audit: EndpointRef | null = null;
  for (const at of speaking) {
    const field = endpointField(at);
    if (!selectorCovers(at.endpoint.path, request)) {
      const title = `The endpoint of entry \`${at.key}\` covers the path as it stands`;
      trace.add("fails", title, "It covers another spelling only, so it denies and does not allow.", `${field}.path`);
      if (isAudit(at)) audit ??= at;
      continue;
    }
    if (!isInspected(at.endpoint)) return ended({ kind: "allowed_connection", at }, "Some rule allows it", field);
    const allowed = endpointAllows(at.endpoint, request);
    const slash = slashAccepted(at.endpoint, request);
    if (allowed && slash && conditionsHold(at.entry, request)) {
      const rule = ruleThatAllows(at.endpoint, request);
      const deciding = rule === null ? whatGives(at) : `${field}.rules[${rule}]`;
      return ended({ kind: "allowed_request", at, rule }, "Some rule allows it", deciding);
    }
    if (isAudit(at)) audit ??= at;
  }
  traceNearest(asked, speaking);
  return { ...ended({ kind: "missing", speaking }, "Some rule allows it"), audit };
}

/** As `docs/policy/meaning.md` says: the longest path speaks, wildcards not counted. */
const specificity = ({ endpoint }: EndpointRef): number => (endpoint.path ?? "").replaceAll("*", "").length;

const whatGives = (at: EndpointRef): string =>
  `${endpointField(at)}${at.endpoint.access !== undefined ? ".access" : at.endpoint.mcp !== undefined ? ".mcp" : ""}`;

function ruleThatAllows(endpoint: Endpoint, request: PolicyRequest): number | null {
  const index = (endpoint.rules ?? []).findIndex(({ allow }) => ruleAllows(endpoint, allow, request));
  return index === -1 ? null : index;
}

interface Selected {
  usable: readonly EndpointRef[];
  selected: readonly EndpointRef[];
  speaking: readonly EndpointRef[];
}

function traceSelectors({ request, trace }: Asked, { usable, selected, speaking }: Selected): void {
  if (usable.every(({ endpoint }) => endpoint.path === undefined)) return;
  for (const ref of usable.slice(0, ANSWERS_MAX)) {
    const { path } = ref.endpoint;
    const title = `The endpoint of entry \`${ref.key}\`${path === undefined ? "" : ` with path ${path}`} speaks`;
    const field = path === undefined ? endpointField(ref) : `${endpointField(ref)}.path`;
    if (speaking.includes(ref)) trace.add("holds", title, "None with a longer path covers the request.", field);
    else if (selected.includes(ref))
      trace.add("skipped", title, "An endpoint with a longer path covers the request and speaks alone.", field);
    else trace.add("skipped", title, `Its path does not cover ${pathOf(request)}.`, field);
  }
}
