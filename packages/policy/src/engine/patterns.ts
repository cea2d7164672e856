/** Patterns are compiled late; that they can be is made sure of early, so that no decision ever stumbles over one. */
import { globProblem } from "../glob.ts";
import type { Clause, Matcher, ParamMatcher, PolicyEntry, RequestMatcher } from "../model.ts";

/** Throws RangeError on a malformed pattern anywhere in the entry. */
export function refuseBadPatterns(entry: PolicyEntry): void {
  for (const { path, script } of entry.binaries) {
    check(path);
    check(script);
  }
  checkRequest(entry.request);
  for (const endpoint of entry.endpoints) {
    check(endpoint.host);
    check(endpoint.path);
    for (const { allow } of endpoint.rules ?? []) checkClause(allow);
    for (const deny of endpoint.deny_rules ?? []) checkClause(deny);
  }
}

function check(pattern: string | undefined): void {
  const problem = pattern === undefined ? null : globProblem(pattern);
  if (problem !== null) throw new RangeError(problem);
}

function checkClause(clause: Clause): void {
  check(clause.method);
  check(clause.path);
  check(clause.operation_name);
  if (clause.fields !== undefined) for (const field of clause.fields) check(field);
  if (clause.tool !== undefined) checkNested(clause.tool);
  if (clause.query !== undefined) checkNested(clause.query);
  if (clause.params !== undefined) checkNested(clause.params);
  checkRequest(clause.request);
}

function checkRequest(request: RequestMatcher | undefined): void {
  if (request?.headers !== undefined) checkNested(request.headers);
}

/** A pattern, a list of them, or names with either. */
function checkNested(matcher: Matcher | ParamMatcher | readonly string[]): void {
  if (typeof matcher === "string") check(matcher);
  else for (const child of Object.values<ParamMatcher | readonly string[]>(matcher)) checkNested(child);
}
