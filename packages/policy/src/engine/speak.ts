/** What one endpoint says of one request. */
import { clauseDenies, denialBy, judgeHttp } from "../protocols/http.ts";
import { judgeProtocol } from "../protocols/judge.ts";
import type { ProtocolRequest, ProtocolVerdict } from "../protocols/types.ts";
import type { CompiledClause } from "./clause.ts";
import type { CompiledEndpoint } from "./endpoint.ts";
import { quoted } from "./quoted.ts";
import { allow, deny, denyUnnamed, type Verdict } from "./verdict.ts";

/** Whoever may allow has been found not to deny. */
const NONE: readonly CompiledClause[] = [];
const ALLOWS_ONLY = { deny: NONE };

/** No other endpoint speaks, this one is in force, and its rules are few: each is tried. */
export function judgeLone(endpoint: CompiledEndpoint, request: ProtocolRequest): Verdict {
  for (const clause of endpoint.deny.all)
    if (clauseDenies(clause, request)) return deny(endpoint.entry.key, denialBy({ endpoint, clause }), endpoint.audit);
  return heeding(endpoint, request, judgeHttp(endpoint, request, ALLOWS_ONLY));
}

/** What an endpoint says for which no deny holds; of its clauses only these could allow. */
export function verdictOf(
  request: ProtocolRequest,
  endpoint: CompiledEndpoint,
  clauses: readonly CompiledClause[] | undefined,
): Verdict {
  const { key } = endpoint.entry;
  const { path } = request.target;
  // Every reading of the path decides who speaks; only the path itself is allowed.
  const { exactSelector } = endpoint;
  if (exactSelector !== null && !exactSelector(path))
    return deny(
      key,
      `Entry \`${key}\` covers ${quoted(path)} only in another spelling, so it denies and does not allow.`,
      endpoint.audit,
    );
  if (!endpoint.inspected) return allow(key, `Entry \`${key}\` allows this host and port without conditions.`);
  return heeding(endpoint, request, judgeProtocol(endpoint, request, { deny: NONE, allow: clauses }));
}

/** What the rules allow, under the conditions of the whole endpoint and entry. */
function heeding(endpoint: CompiledEndpoint, request: ProtocolRequest, { allowed, missing }: ProtocolVerdict): Verdict {
  const { key, request: matcher } = endpoint.entry;
  if (allowed === null) return denyUnnamed(key, missing, endpoint.audit);
  if (request.target.encodedSlash && endpoint.endpoint.allow_encoded_slash !== true)
    return deny(key, "The path holds an encoded slash, and `allow_encoded_slash` is not set.", endpoint.audit);
  if (matcher !== null && !matcher.allows(request.request))
    return deny(key, "The entry's `request` conditions do not hold.", endpoint.audit);
  return allow(key, allowed);
}
