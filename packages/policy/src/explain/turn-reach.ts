/** How far an edit reaches beyond the one request that was asked about, by the exact comparison of the two policies. */
import { canonicalHost } from "../canonical/host.ts";
import { diffPolicies } from "../diff/index.ts";
import type { RequestChange } from "../diff/types.ts";
import type { CompileOptions } from "../engine/compile.ts";
import type { Policy } from "../model.ts";
import type { PolicyRequest } from "../types.ts";
import { literalGlob } from "./calls.ts";

/** Several comparisons are made for one answer, so only of files in which each takes milliseconds. */
export const COMPARED_CHARS_MAX = 16 * 1024;

interface Versions {
  before: Policy;
  after: Policy;
  request: PolicyRequest;
  nowMs: number;
  options: CompileOptions;
}

/** The number of changes outside of the request's program, host and port; null where the comparison is not exact. */
export function changesBeyond({ before, after, request, nowMs, options }: Versions): number | null {
  const { requests, settings, exact } = diffPolicies(before, after, {
    nowMs,
    ...(options.middlewares === undefined ? {} : { middlewares: options.middlewares }),
  });
  if (!exact) return null;
  const widened = settings.filter(({ effect }) => effect === "widens").length;
  return widened + requests.filter((change) => !isWithin(change, request)).length;
}

/** Does the change speak of this program, host and port alone? */
export const isWithin = ({ callers, hosts, ports }: RequestChange, request: PolicyRequest): boolean =>
  callers.every(({ match }) => match === literalGlob(request.binary)) &&
  hosts.every(({ match }) => match === canonicalHost(request.host)) &&
  ports.every((port) => port === request.port);
