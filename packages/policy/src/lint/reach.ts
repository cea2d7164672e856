/** Rules and endpoints that nothing ever reaches, and rules that add nothing. */
import { addressClass, addressWithin } from "../canonical/address.ts";
import { isIpLiteral } from "../canonical/host.ts";
import { INFERENCE_HOST } from "../engine/inference.ts";
import type { Clause } from "../model.ts";
import { fieldOf, isInspected, type Lint } from "./context.ts";
import { isPlainClause, methodCovers, pathCovers, pathsApart, programsCover } from "./covers.ts";
import type { Ref } from "./endpoints.ts";
import { clauseHeaders, samplePath, sampleQuery, sampleRequest } from "./samples.ts";

const READ = ["GET", "HEAD", "OPTIONS"];
const WRITE = [...READ, "POST", "PUT", "PATCH"];

export function lintReach(lint: Lint, ref: Ref): void {
  lintNever(lint, ref);
  if (ref.endpoint.protocol !== "rest" && ref.endpoint.protocol !== "websocket") return;
  const around = neighbours(lint, ref);
  for (const [index, { allow }] of (ref.endpoint.rules ?? []).entries()) {
    if (lint.full) return;
    if (allow.path === undefined || allow.method === undefined) continue;
    lintRule(lint, { ref, around, clause: allow, path: allow.path, index, field: `${fieldOf(ref)}.rules[${index}]` });
  }
}

function lintNever(lint: Lint, ref: Ref): void {
  const { host, allowed_ips: allowed } = ref.endpoint;
  const field = fieldOf(ref);
  if (isIpLiteral(host) && allowed === undefined && addressClass(host) !== "public")
    lint.warn(
      "never_reached",
      `${field}.host`,
      `${host} is not a public address, so without \`allowed_ips\` it is always denied.`,
      `Add \`allowed_ips: ["${host}"]\`.`,
    );
  if (isIpLiteral(host) && allowed !== undefined && !addressWithin(host, allowed))
    lint.warn(
      "never_reached",
      `${field}.allowed_ips`,
      `The endpoint names ${host}, which its own \`allowed_ips\` shut out, so it is always denied.`,
      `Write \`allowed_ips: ["${host}"]\`, or name the host that is meant.`,
    );
  if (host === INFERENCE_HOST && lint.policy.inference !== undefined)
    lint.warn(
      "never_reached",
      `${field}.host`,
      `The \`inference\` section alone decides about ${INFERENCE_HOST}, so this endpoint is never looked at.`,
      "Say it in the `inference` section, and remove the endpoint.",
    );
}

/** Inspected endpoints of the same host, all its ports and all its programs. */
const neighbours = (lint: Lint, ref: Ref): Ref[] =>
  lint.endpoints
    .applying(ref.endpoint.host, ref.endpoint.ports[0] ?? 443)
    .filter(
      (other) =>
        other.endpoint !== ref.endpoint &&
        isInspected(other.endpoint) &&
        lint.spend(
          ref.entry.binaries.length * other.entry.binaries.length +
            ref.endpoint.ports.length * other.endpoint.ports.length,
        ) &&
        ref.endpoint.ports.every((port) => other.endpoint.ports.includes(port)) &&
        programsCover(other.entry.binaries, ref.entry.binaries),
    );

interface Rule {
  ref: Ref;
  around: readonly Ref[];
  clause: Clause;
  path: string;
  index: number;
  field: string;
}

function lintRule(lint: Lint, rule: Rule): void {
  const { ref, clause, path, field } = rule;
  const sample = samplePath(path);
  if (sample === null || expired(lint, ref)) return;
  const method = clause.method === "*" ? "GET" : (clause.method ?? "GET");
  const request = sampleRequest(ref, {
    method,
    path: sample,
    query: sampleQuery(clause.query),
    headers: clauseHeaders(clause),
  });
  if (lint.allowed(request)) {
    const wider = widerRule(rule);
    if (wider !== null)
      lint.warn("rule_never_needed", field, `${wider} allows all of this already.`, "Remove one of the two.");
    return;
  }
  if (ref.endpoint.path !== undefined && pathsApart(ref.endpoint.path, path))
    lint.warn(
      "rule_outside_path",
      `${field}.allow.path`,
      `The endpoint speaks for ${ref.endpoint.path} only, so ${method} ${sample} is denied.`,
      "Write the rule's path below the endpoint's, or remove the endpoint's `path`.",
    );
  else lintShut(lint, rule, `${method} ${sample}`);
}

function lintShut(lint: Lint, { ref, around, clause, path, field }: Rule, shown: string): void {
  for (const other of [ref, ...around])
    for (const [i, deny] of (other.endpoint.deny_rules ?? []).entries())
      if (isPlainClause(deny) && methodCovers(deny.method, clause.method) && pathCovers(deny.path, path)) {
        lint.warn(
          "rule_denied",
          field,
          `deny_rules[${i}] of entry \`${other.key}\` denies all that this rule allows, for example ${shown}.`,
          "Remove the rule, or narrow the deny.",
        );
        return;
      }
  const selector = around.find(
    ({ endpoint }) =>
      endpoint.path !== undefined &&
      length(endpoint.path) > length(ref.endpoint.path) &&
      pathCovers(endpoint.path, path),
  );
  if (selector !== undefined)
    lint.warn(
      "rule_behind_selector",
      field,
      `The endpoint of entry \`${selector.key}\` with path ${selector.endpoint.path ?? ""} speaks there alone, so ${shown} is denied.`,
      "Put the rule into that endpoint, or remove it.",
    );
}

const length = (path: string | undefined): number => (path ?? "").replaceAll("*", "").length;
const expired = (lint: Lint, { entry }: Ref): boolean =>
  entry.expires_at !== undefined && Date.parse(entry.expires_at) <= lint.nowMs;

/** Names what allows at least as much, or null. */
function widerRule({ ref, around, clause, path, index }: Rule): string | null {
  const covers = (wide: Clause): boolean =>
    isPlainClause(wide) &&
    methodCovers(wide.method, clause.method) &&
    wide.path !== undefined &&
    pathCovers(wide.path, path);
  const same = (ref.endpoint.rules ?? []).findIndex(
    ({ allow }, i) => i !== index && covers(allow) && (i < index || allow.path !== path),
  );
  if (same !== -1) return `rules[${same}]`;
  for (const other of around) {
    const { endpoint, entry } = other;
    if (
      endpoint.path !== ref.endpoint.path ||
      endpoint.protocol !== ref.endpoint.protocol ||
      entry.request !== undefined
    )
      continue;
    if (endpoint.allowed_ips !== undefined || entry.expires_at !== undefined) continue;
    const methods = endpoint.access === "read-only" ? READ : endpoint.access === "read-write" ? WRITE : [];
    if (endpoint.access === "full" || methods.includes(clause.method ?? "*"))
      return `\`access: ${endpoint.access ?? ""}\` of entry \`${other.key}\``;
    const wide = (endpoint.rules ?? []).findIndex(({ allow }) => covers(allow) && allow.path !== path);
    if (wide !== -1) return `rules[${wide}] of entry \`${other.key}\``;
  }
  return null;
}
