/** The rules that came closest to allowing a request, with the part of each that failed. */

import type { Clause, Endpoint } from "../model.ts";
import { methodsOfAccess } from "../protocols/http.ts";
import { missesOf, type PartMiss } from "./parts.ts";
import { type EndpointRef, endpointAllows, slashAccepted } from "./probe.ts";
import { ANSWERS_MAX, type Asked, endpointField, entryField, quoted, type Trace } from "./trace.ts";

/** Each rule costs a few judgements; a page of them is enough to find the nearest. */
const RULES_LOOKED_AT_MAX = 256;

interface NearRule {
  key: string;
  field: string;
  clause: Clause;
  index: number;
  misses: readonly PartMiss[];
}

export function traceNearest({ request, trace }: Asked, speaking: readonly EndpointRef[]): void {
  const near: NearRule[] = [];
  for (const [position, at] of speaking.entries()) {
    const { key, endpoint } = at;
    const field = endpointField(at);
    if (endpointAllows(endpoint, request)) {
      if (!slashAccepted(endpoint, request))
        trace.add("fails", `Entry \`${key}\` accepts an encoded slash`, "`allow_encoded_slash` is not set.", field);
      else
        trace.add(
          "fails",
          `The \`request\` conditions of entry \`${key}\` hold`,
          "A header is missing or does not match, or the body is too large or of unknown size.",
          `${entryField(key)}.request`,
        );
      continue;
    }
    if (position < ANSWERS_MAX) traceAccess(trace, key, field, endpoint);
    for (const [index, { allow }] of (endpoint.rules ?? []).entries()) {
      if (near.length >= RULES_LOOKED_AT_MAX) break;
      near.push({
        key,
        field: `${field}.rules[${index}]`,
        clause: allow,
        index,
        misses: missesOf(endpoint, allow, request),
      });
    }
  }
  near.sort((a, b) => a.misses.length - b.misses.length);
  for (const rule of near.slice(0, ANSWERS_MAX)) addNear(rule, trace);
}

function traceAccess(trace: Trace, key: string, field: string, endpoint: Endpoint): void {
  const { access, protocol } = endpoint;
  if (access === undefined) return;
  const methods = protocol === "rest" ? methodsOfAccess[access] : null;
  const detail =
    methods !== null
      ? `It gives ${methods.join(", ")}.`
      : protocol === "rest"
        ? "It gives every method, but an upgrade or a header stands against it."
        : `What it gives under protocol ${protocol ?? ""} does not cover this request.`;
  trace.add("fails", `Entry \`${key}\` allows it by \`access: ${access}\``, detail, `${field}.access`);
}

function addNear({ key, field, clause, index, misses }: NearRule, steps: Trace): void {
  const detail =
    misses.length === 0
      ? "It allows a part of what the request does, not all of it."
      : `${misses.map(({ sentence }) => capital(sentence)).join("; ")}.`;
  const [only] = misses;
  // One failing part is shown where it stands; several by the rule they belong to.
  const part = misses.length === 1 && only !== undefined ? partField(only.part) : "";
  steps.add(
    "fails",
    `rules[${index}] of entry \`${key}\` (${clauseText(clause)}) allows it`,
    detail,
    `${field}.allow${part}`,
  );
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

function partField(part: PartMiss["part"]): string {
  switch (part) {
    case "headers":
      return ".request.headers";
    case "body":
      return ".request.max_body_bytes";
    case "arguments":
      return ".params.arguments";
    default:
      return `.${part}`;
  }
}

/** A clause in few words, for titles. */
export function clauseText(clause: Clause): string {
  const tool = clause.tool ?? clause.params?.name;
  const words = [
    clause.operation_type === undefined
      ? (clause.method ?? (tool === undefined ? "*" : "tools/call"))
      : clause.operation_type,
    ...(clause.path === undefined ? [] : [clause.path]),
    ...(clause.operation_name === undefined ? [] : [clause.operation_name]),
    ...(clause.fields === undefined ? [] : [`{ ${clause.fields.slice(0, 5).join(" ")} }`]),
    ...(typeof tool === "string" ? [tool] : []),
  ];
  return quoted(words.join(" ")).slice(1, -1);
}
