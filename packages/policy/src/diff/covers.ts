/** Does a request lie in a change? The same predicates by which the change was found, judged on this one request. */

import { canonicalHost } from "../canonical/host.ts";
import { canonicalPattern } from "../engine/clause.ts";
import { callerOf } from "../engine/decide.ts";
import { compileGlob } from "../glob.ts";
import { ANCESTORS_MAX } from "../limits.ts";
import type { PolicyRequest } from "../types.ts";
import { compilePredicate, type ReadRequest, readRequest } from "./predicates.ts";
import { hostMatcher } from "./sides.ts";
import type { CallerSet, Conjunction, RequestChange, TextSet } from "./types.ts";

const METHOD = /^[A-Z][A-Z0-9_-]{0,31}$/;

/** Whether the request's judgement is changed by this very change. A request that names a second method is asked for its first. */
export function changeCovers(change: RequestChange, request: PolicyRequest, nowMs = 0): boolean {
  const host = canonicalHost(request.host);
  if (host === null || !change.ports.includes(request.port)) return false;
  if (!change.hosts.some((set) => setHolds(set, host, hostMatcher))) return false;
  if (!change.callers.some((caller) => callerHolds(caller, request))) return false;
  const read = readRequest(request, nowMs);
  const { reach } = change;
  const method = request.method?.toUpperCase();
  if (method === undefined) return reach.connection && conditionsHold(change.where.filter(isOfConnection), read);
  if (read.target === null || !METHOD.test(method) || method === "CONNECT")
    return reach.unreadable && conditionsHold(change.where.filter(isOfConnection), read);
  if (!reach.requests) return false;
  if (change.methods !== null) {
    const named = change.methods.includes(method);
    if (!named && (!change.methods.includes("*") || change.methodsExcept.includes(method))) return false;
  }
  if (change.paths?.some((set) => pathHolds(set, read)) === false) return false;
  return conditionsHold(change.where, read);
}

/** Conditions that a connection has before its first request. */
function isOfConnection(conjunctions: readonly Conjunction[]): boolean {
  return conjunctions.some(({ all, none }) =>
    [...all, ...none].some(({ kind }) => kind === "before" || kind.startsWith("address_")),
  );
}

const conditionsHold = (where: RequestChange["where"], read: ReadRequest): boolean =>
  where.every((conjunctions) =>
    conjunctions.some(
      ({ all, none }) =>
        all.every((predicate) => compilePredicate(predicate)(read)) &&
        !none.some((predicate) => compilePredicate(predicate)(read)),
    ),
  );

type MatcherOf = (pattern: string) => (text: string) => boolean;

const setHolds = ({ match, except, also = [] }: TextSet, text: string, matcher: MatcherOf): boolean =>
  [match, ...also].every((pattern) => (pattern === "**" && matcher === hostMatcher) || matcher(pattern)(text)) &&
  !except.some((pattern) => matcher(pattern)(text));

const programMatcher: MatcherOf = (pattern) => compileGlob(pattern, { separator: "/" });

function callerHolds(set: CallerSet, request: PolicyRequest): boolean {
  const caller = callerOf(request);
  const ancestors = caller.ancestors.slice(0, ANCESTORS_MAX);
  const parent = (pattern: string) => ancestors.some(programMatcher(pattern));
  const { script } = caller;
  return (
    setHolds(set, caller.binary, programMatcher) &&
    (set.sha256 === null || caller.sha256 === set.sha256) &&
    (set.script === null || (script !== undefined && setHolds(set.script, script, programMatcher))) &&
    (set.ancestor === null || [set.ancestor.match, ...(set.ancestor.also ?? [])].every(parent)) &&
    set.unless?.sha256.includes(caller.sha256 ?? "") !== true &&
    set.unless?.script.some((pattern) => script !== undefined && programMatcher(pattern)(script)) !== true &&
    set.unless?.ancestor.some(parent) !== true
  );
}

function pathHolds({ match, except, also = [], loose }: TextSet, { target }: ReadRequest): boolean {
  if (target === null) return false;
  const holds = (pattern: string, isLoose: boolean): boolean => {
    const glob = compileGlob(canonicalPattern(pattern), { separator: "/", ignoreCase: isLoose });
    return isLoose ? target.denyPaths.some(glob) : glob(target.path);
  };
  return (
    holds(match, loose?.match === true) &&
    also.every((pattern, i) => holds(pattern, loose?.also.includes(i) === true)) &&
    !except.some((pattern, i) => holds(pattern, loose?.except.includes(i) === true))
  );
}
