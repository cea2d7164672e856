/**
 * Exceptions beside a policy. Threat: what was allowed for an hour opens what people had denied, lasts longer, or reaches further.
 * Invariant: each exception is judged by the engine as a policy of its own with this one entry, under the policy's own conditions on
 * programs and middlewares; it speaks only where the policy named nothing (`src/engine/decide.ts`), and the policy and its digest stay
 * as they are.
 */
import { compilePolicy } from "../engine/compile.ts";
import type { CompiledException, CompiledPolicy } from "../engine/compiled.ts";
import type { Endpoint, Policy } from "../model.ts";
import { exceptionProblem } from "./problem.ts";
import type { EgressException } from "./types.ts";

/** Names an exception where a decision names its rule. */
export const exceptionRule = (id: string): string => `exception:${id}`;

export interface ExceptionOptions {
  isSpent?: (id: string) => boolean;
  /** Is told of an exception that cannot be held; it allows nothing. */
  onProblem?: (exception: EgressException, problem: string) => void;
}

/** The policy with these exceptions beside it, instead of those it had. */
export function withExceptions(
  compiled: CompiledPolicy,
  exceptions: readonly EgressException[],
  { isSpent = () => false, onProblem }: ExceptionOptions = {},
): CompiledPolicy {
  const all: CompiledException[] = [];
  for (const exception of exceptions) {
    const problem = exceptionProblem(exception);
    if (problem === null) all.push({ exception, alone: compileAlone(compiled, exception) });
    else onProblem?.(exception, problem);
  }
  if (all.length === 0) return compiled.exceptions === null ? compiled : { ...compiled, exceptions: null };
  all.sort(
    (a, b) => Number(a.exception.once) - Number(b.exception.once) || b.exception.endsAtMs - a.exception.endsAtMs,
  );
  const hosts = all.map(({ exception }) => exception.host);
  return { ...compiled, exactHosts: new Set([...compiled.exactHosts, ...hosts]), exceptions: { all, isSpent } };
}

function compileAlone({ policy, missingMiddlewares }: CompiledPolicy, exception: EgressException): CompiledPolicy {
  const { id, binary, sha256, endsAtMs } = exception;
  const key = exceptionRule(id);
  const alone: Policy = {
    version: 1,
    mode: "enforce",
    // A program that has lost its name has lost it here, too.
    ...(policy.sandbox === undefined ? {} : { sandbox: policy.sandbox }),
    network_policies: {
      [key]: {
        name: key,
        endpoints: [endpointOf(exception)],
        binaries: [{ path: binary, ...(sha256 === undefined ? {} : { sha256 }) }],
        expires_at: new Date(endsAtMs).toISOString(),
      },
    },
    network_middlewares: {},
    credentials: {},
    tests: [],
  };
  return { ...compilePolicy(alone), missingMiddlewares };
}

function endpointOf({ host, port, method, path }: EgressException): Endpoint {
  const place: Endpoint = { host, ports: [port], enforcement: "enforce" };
  if (method === undefined) return { ...place, protocol: "tcp" };
  // That there are deny rules, if none, says that no upgrade passes: behind it nothing would be read.
  return { ...place, protocol: "rest", rules: [{ allow: { method, path: path ?? "/**" } }], deny_rules: [] };
}
