/** What an exception may say, in the one reading that nodes judge by. */
import { canonicalHost, exceptionProblem, visible } from "@creel/policy";
import { type ExceptionScope, exceptionScopeSchema } from "@creel/protocol";
import { CreelError } from "../errors/errors.ts";

/** Canonical, and such that every node can hold it. Throws what is wrong, as a sentence. */
export function canonicalScope(given: ExceptionScope): ExceptionScope {
  const host = canonicalHost(given.host);
  if (host === null) throw new CreelError("invalid_input", `“${visible(given.host)}” is no host name or address.`);
  const scope = exceptionScopeSchema.parse({ ...given, host });
  const problem = exceptionProblem({ ...scope, id: "", endsAtMs: 0, once: false });
  if (problem !== null) throw new CreelError("invalid_input", problem);
  return scope;
}

/** A line for people: what is allowed, to which program; nothing in it is unseen or turns it round. */
export function scopeSentence({ binary, host, port, method, path }: ExceptionScope): string {
  if (method === undefined) return visible(`${binary} may connect to ${host}:${port}`);
  return visible(`${binary} may ${method === "*" ? "ask anything of" : method} ${host}:${port}${path ?? "/**"}`);
}
