/**
 * When exceptions end on this host. Threat: the host's clock lags or is set back, or the hub sends a plan again, and an hour becomes a
 * day. Invariant: an exception ends at the instant it names, or after its own length from when this node first received it, whichever
 * is earlier, by a time that never goes back; what was said of it later never lengthens it.
 */
import type { EgressException } from "@creel/policy";
import { type DesiredException, type DesiredState, EXCEPTION_SECONDS_MAX } from "@creel/protocol";

export type ExceptionEnds = ReadonlyMap<string, number>;

export function exceptionEnds(state: DesiredState, known: ExceptionEnds, nowMs: number): ExceptionEnds {
  const ends = new Map<string, number>();
  for (const { exceptions = [] } of state.sandboxes)
    for (const exception of exceptions) {
      const { id } = exception;
      const earlier = ends.get(id) ?? known.get(id) ?? Number.POSITIVE_INFINITY;
      ends.set(id, Math.min(earlier, endOf(exception, nowMs)));
    }
  return ends;
}

function endOf({ createdAt, until }: DesiredException, receivedMs: number): number {
  const endsAtMs = Date.parse(until);
  const lengthMs = Math.min(endsAtMs - Date.parse(createdAt), EXCEPTION_SECONDS_MAX * 1000);
  return Math.min(endsAtMs, receivedMs + Math.max(0, lengthMs));
}

/** As the gateway takes them. One whose end is not known is left out. */
export const servedExceptions = (
  exceptions: readonly DesiredException[] = [],
  ends: ExceptionEnds,
): EgressException[] =>
  exceptions.flatMap(({ createdAt: _createdAt, until: _until, ...rest }) => {
    const endsAtMs = ends.get(rest.id);
    return endsAtMs === undefined ? [] : [{ ...rest, endsAtMs }];
  });
