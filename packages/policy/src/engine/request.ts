/** One HTTP request on a connection that is allowed already. */

import { judgeProtocol } from "../protocols/judge.ts";
import type { PolicyRequest } from "../types.ts";
import type { CompiledEndpoint } from "./compile.ts";
import { headerOf } from "./headers.ts";
import { type JudgedTarget, judgeTarget } from "./target.ts";
import { allow, deny, denyHard, type Verdict } from "./verdict.ts";

const METHOD = /^[A-Z][A-Z0-9_-]{0,31}$/;
/** Headers by which frameworks let a POST act as another method. */
const OVERRIDE_HEADERS = ["x-http-method-override", "x-http-method", "x-method-override"];

/**
 * `usable`: endpoints whose address conditions hold; `all`: every endpoint of the program, host and port, whose deny rules count.
 */
export function judgeRequest(
  usable: readonly CompiledEndpoint[],
  all: readonly CompiledEndpoint[],
  request: PolicyRequest,
  rawMethod: string,
): Verdict {
  if (!all.some((endpoint) => endpoint.inspected)) {
    const key = usable[0]?.entry.key ?? null;
    return key === null
      ? deny(null, "No entry allows it.")
      : allow(key, `Entry \`${key}\` allows the connection without looking into it.`);
  }
  const methods = methodsOf(rawMethod, request);
  if (methods === null) return denyHard(null, "The method is none, or CONNECT, which nothing could inspect.");
  const target = request.path === undefined ? null : judgeTarget(request.path);
  if (target === null)
    return denyHard(null, "The request target has no single reading, so it is refused rather than guessed.");
  const verdicts = methods.map((method) => judgeOne(usable, all, request, method, target));
  return (
    verdicts.find((verdict) => !verdict.allowed && !verdict.audit) ??
    verdicts.find((v) => !v.allowed) ??
    verdicts[0] ??
    deny(null, "No entry allows it.")
  );
}

/** A request that names a second method is judged as both. */
export function methodsOf(rawMethod: string, request: PolicyRequest): string[] | null {
  const methods = [rawMethod.toUpperCase()];
  for (const name of OVERRIDE_HEADERS) {
    const value = request.headers === undefined ? undefined : headerOf(request.headers, name);
    if (value !== undefined) methods.push(value.trim().toUpperCase());
  }
  return methods.every((method) => METHOD.test(method) && method !== "CONNECT") ? [...new Set(methods)] : null;
}

function judgeOne(
  usable: readonly CompiledEndpoint[],
  all: readonly CompiledEndpoint[],
  request: PolicyRequest,
  method: string,
  target: JudgedTarget,
): Verdict {
  let softened: Verdict | null = null;
  for (const endpoint of all) {
    if (!endpoint.inspected || !selects(endpoint, target.denyPaths)) continue;
    const reason = judgeProtocol(endpoint, { request, method, target }).denied;
    if (reason === null) continue;
    const verdict = deny(endpoint.entry.key, reason, endpoint.endpoint.enforcement === "audit");
    if (!verdict.audit) return verdict;
    softened ??= verdict;
  }
  if (softened !== null) return softened;
  return judgeAllow(usable, request, method, target);
}

/** Only the endpoints with the longest selector speak, so that a wide one does not undo what a narrow one demands. */
function judgeAllow(
  usable: readonly CompiledEndpoint[],
  request: PolicyRequest,
  method: string,
  target: JudgedTarget,
): Verdict {
  const selected = usable.filter((endpoint) => selects(endpoint, target.denyPaths));
  const longest = Math.max(...selected.map((endpoint) => endpoint.specificity));
  const speaking = selected.filter((endpoint) => endpoint.specificity === longest);
  const [first] = speaking;
  if (first === undefined) return deny(usable[0]?.entry.key ?? null, `No endpoint's path covers ${target.path}.`);
  let missed: Verdict | null = null;
  for (const endpoint of speaking) {
    const { key, request: matcher } = endpoint.entry;
    if (!endpoint.inspected) return allow(key, `Entry \`${key}\` allows this host and port without conditions.`);
    const { allowed, missing } = judgeProtocol(endpoint, { request, method, target });
    const audit = endpoint.endpoint.enforcement === "audit";
    if (allowed === null) missed = softer(missed, deny(key, missing, audit));
    else if (target.encodedSlash && endpoint.endpoint.allow_encoded_slash !== true)
      missed = softer(missed, deny(key, "The path holds an encoded slash, and `allow_encoded_slash` is not set."));
    else if (matcher !== null && !matcher.allows(request))
      missed = softer(missed, deny(key, "The entry's `request` conditions do not hold.", audit));
    else return allow(key, allowed);
  }
  return missed ?? deny(first.entry.key, "No rule allows it.");
}

/** An endpoint in audit lets pass what it would deny, whatever its neighbours say. */
const softer = (a: Verdict | null, b: Verdict): Verdict => (a === null || (b.audit && !a.audit) ? b : a);

export const selects = (endpoint: CompiledEndpoint, paths: readonly string[]): boolean =>
  endpoint.selector === null || paths.some(endpoint.selector);
