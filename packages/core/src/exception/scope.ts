/** What an exception may say, in the one reading that nodes judge by. */
import { canonicalHost, exceptionProblem } from "@creel/policy";
import { type ExceptionScope, exceptionScopeSchema } from "@creel/protocol";
import { CreelError } from "../errors/errors.ts";

/** Canonical, and such that every node can hold it. Throws what is wrong, as a sentence. */
export function canonicalScope(given: ExceptionScope): ExceptionScope {
  const host = canonicalHost(given.host);
  if (host === null) throw new CreelError("invalid_input", `“${given.host}” is no host name or address.`);
  const scope = exceptionScopeSchema.parse({ ...given, host });
  const problem = exceptionProblem({ ...scope, id: "", endsAtMs: 0, once: false });
  if (problem !== null) throw new CreelError("invalid_input", problem);
  return scope;
}

/** A line for people: what is allowed, to which program. */
export function scopeSentence({ binary, host, port, method, path }: ExceptionScope): string {
  if (method === undefined) return `${binary} may connect to ${host}:${port}`;
  return `${binary} may ${method === "*" ? "ask anything of" : method} ${host}:${port}${path ?? "/**"}`;
}
