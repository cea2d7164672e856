/** What the exceptions say of a request that the policy did not name. */

import type { CompiledException, CompiledExceptions } from "../engine/compiled.ts";
import type { EndpointPlan, PolicyDecision, PolicyRequest } from "../types.ts";

/** Those that can be used now; one for once by the request that used it alone. */
function* usable({ all, isSpent }: CompiledExceptions, held: readonly string[] = []): Generator<CompiledException> {
  for (const each of all) {
    const { id, once } = each.exception;
    if (!once || held.includes(id) || !isSpent(id)) yield each;
  }
}

/** The first exception that allows it, or null. */
export function allowedByException(
  exceptions: CompiledExceptions,
  request: PolicyRequest,
  decide: (one: CompiledException) => PolicyDecision,
): PolicyDecision | null {
  for (const one of usable(exceptions, request.held)) {
    const { decision, rule } = decide(one);
    if (decision !== "allow") continue;
    const { id, once, endsAtMs } = one.exception;
    const until = new Date(endsAtMs).toISOString();
    const reason = once
      ? `Exception ${id} allows this once, until ${until}.`
      : `Exception ${id} allows this until ${until}.`;
    return { decision, rule, reason, exception: { id, once } };
  }
  return null;
}

/** How a connection is treated that only exceptions allow: read, where one of them needs it; null when none allows it. */
export function plannedByException(
  exceptions: CompiledExceptions,
  held: readonly string[] | undefined,
  plan: (one: CompiledException) => EndpointPlan | null,
): EndpointPlan | null {
  let found: EndpointPlan | null = null;
  for (const one of usable(exceptions, held)) {
    const planned = plan(one);
    if (planned?.handling === "inspect") return planned;
    found ??= planned;
  }
  return found;
}
