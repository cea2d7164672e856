/** Deny rules over HTTP that something else slips past. Each finding names a request that was judged and is allowed. */

import type { Endpoint } from "../model.ts";
import { methodsOfAccess } from "../protocols/http.ts";
import { fieldOf, isInspected, type Lint } from "./context.ts";
import { methodCovers, pathsApart } from "./covers.ts";
import { asking, type Deny, methodsOf } from "./deny.ts";
import { lintPorts, lintPrograms, lintSiblings } from "./deny-neighbours.ts";
import type { Ref } from "./endpoints.ts";
import { clauseHeaders, samplePath, sampleQuery, sampleRequest } from "./samples.ts";

const WRITES = ["POST", "PUT", "PATCH"];

/** Each deny rule costs a dozen judgements; a list this long is no longer read by people. */
const DENIES_LOOKED_AT_MAX = 512;

export function lintHttpDenies(lint: Lint, ref: Ref): void {
  for (const [index, clause] of (ref.endpoint.deny_rules ?? []).slice(0, DENIES_LOOKED_AT_MAX).entries()) {
    if (lint.full) return;
    const sample = clause.path === undefined ? null : samplePath(clause.path);
    if (clause.path === undefined || sample === null) continue;
    const deny: Deny = { ref, clause, path: clause.path, sample, field: `${fieldOf(ref)}.deny_rules[${index}]` };
    if (withoutEffect(lint, deny)) continue;
    lintPaths(lint, deny);
    lintMethods(lint, deny);
    lintQuery(lint, deny);
    lintPorts(lint, deny);
    lintSiblings(lint, deny);
    lintPrograms(lint, deny);
    lintEncodedSlash(lint, deny);
  }
}

/** The first method with which this path is allowed although the deny is there, or null. */
const slipsBy = (lint: Lint, deny: Deny, path: string): string | null =>
  methodsOf(deny.clause).find((method) => lint.allowed(sampleRequest(deny.ref, asking(deny, method, path)))) ?? null;

function lintPaths(lint: Lint, deny: Deny): void {
  const { path, sample, field } = deny;
  const longer = `${sample.replace(/\/$/, "")}/x`;
  const method = path.endsWith("**") ? null : slipsBy(lint, deny, longer);
  if (method !== null)
    lint.warn(
      "deny_longer_path",
      `${field}.path`,
      `The deny ends at ${path}; ${method} ${longer} is still allowed.`,
      `Write "${path.replace(/\/?$/, "")}/**", which also holds for ${path}.`,
    );
  const deeper = crossing(path, deny.ref.endpoint);
  const by = deeper === null ? null : slipsBy(lint, deny, deeper);
  if (by !== null)
    lint.warn(
      "deny_single_segment",
      `${field}.path`,
      `\`*\` stands for one path segment, so ${by} ${deeper} slips past the deny.`,
      "Write one `*` per segment, or `**` for any number of segments.",
    );
}

/**
 * The path with its first single star standing for two segments, as owner and name often do. Where stars stand in a row, or a rule
 * beside it counts segments the same way, the author has counted them.
 */
function crossing(pattern: string, endpoint: Endpoint): string | null {
  if (/\/\*\/\*(\/|$)/.test(pattern)) return null;
  const found = /^[^*]*\/\*(?=\/)/.exec(pattern)?.[0];
  if (found === undefined) return null;
  const counted = (endpoint.rules ?? []).some(({ allow }) => allow.path?.startsWith(`${found}/`) === true);
  return counted ? null : samplePath(`${found}x/y${pattern.slice(found.length)}`);
}

/** Creating, replacing and changing often do the same. */
function lintMethods(lint: Lint, deny: Deny): void {
  const { clause, ref, sample, field } = deny;
  const denied = clause.method ?? "*";
  if (!WRITES.includes(denied)) return;
  const other = WRITES.find(
    (method) =>
      method !== denied &&
      !namedOnPurpose(ref.endpoint, method, deny.path) &&
      lint.allowed(sampleRequest(ref, asking(deny, method, sample))),
  );
  if (other !== undefined)
    lint.warn(
      "deny_other_method",
      `${field}.method`,
      `${denied} is denied, but ${other} ${sample} is allowed and often does the same.`,
      'Write `method: "*"`, or deny each method that writes.',
    );
}

const namedOnPurpose = (endpoint: Endpoint, method: string, path: string): boolean =>
  (endpoint.rules ?? []).some(({ allow }) => allow.method === method && allow.path === path);

function lintQuery(lint: Lint, deny: Deny): void {
  const { clause, ref, sample, field } = deny;
  const [name] = Object.keys(clause.query ?? {});
  if (name === undefined) return;
  const query = sampleQuery(clause.query);
  const headers = { ...clauseHeaders(clause), "content-type": "application/x-www-form-urlencoded" };
  const method = WRITES.find(
    (one) =>
      methodCovers(clause.method ?? "*", one) &&
      lint.allowed(sampleRequest(ref, { method: one, path: sample, body: query, headers })),
  );
  if (method !== undefined)
    lint.warn(
      "deny_query_in_body",
      `${field}.query`,
      `The deny looks at the query, but ${method} ${sample} with \`${query}\` in its body is allowed.`,
      "Deny the path and method as a whole, or allow only the requests that are meant.",
    );
}

/** Some servers decode one escape and not the next; then neither the plain nor the decoded path is the one they see. */
function lintEncodedSlash(lint: Lint, deny: Deny): void {
  if (deny.ref.endpoint.allow_encoded_slash !== true || !deny.path.includes("/*/")) return;
  const starred = samplePath(deny.path.replace("/*/", "/x%2Fy/"));
  const last = starred?.lastIndexOf("/") ?? -1;
  if (starred === null || last <= 0) return;
  const mixed = `${starred.slice(0, last)}%2F${starred.slice(last + 1)}`;
  const method = slipsBy(lint, deny, mixed);
  if (method !== null)
    lint.warn(
      "encoded_slash_with_deny",
      `${deny.field}.path`,
      `With \`allow_encoded_slash\`, ${method} ${mixed} is allowed, which a server that decodes it in part reads as ${deny.path}.`,
      "Write the deny with `**`, or remove `allow_encoded_slash`.",
    );
}

/** Does anything beside the endpoint allow what is denied? Judged over the neighbours with every deny rule taken away. */
function withoutEffect(lint: Lint, deny: Deny): boolean {
  const { ref, clause, path, field } = deny;
  const port = ref.endpoint.ports[0] ?? 443;
  const around = [ref, ...lint.endpoints.applying(ref.endpoint.host, port)];
  const lets = around.some(({ endpoint }) => mayAllow(endpoint, clause.method ?? "*", path));
  if (lets) return false;
  lint.warn(
    "deny_without_effect",
    `${field}.path`,
    `No rule allows ${clause.method ?? "*"} ${path} here, so the deny adds nothing.`,
    "Remove it, or check the path for a slip.",
  );
  return true;
}

function mayAllow(endpoint: Endpoint, method: string, path: string): boolean {
  if (!isInspected(endpoint)) return true;
  if (endpoint.access !== undefined)
    return method === "*" || methodsOfAccess[endpoint.access]?.includes(method) !== false;
  return (endpoint.rules ?? []).some(
    ({ allow }) =>
      (method === "*" || methodCovers(allow.method, method) || methodCovers(method, allow.method)) &&
      (allow.path === undefined || !pathsApart(allow.path, path)),
  );
}
