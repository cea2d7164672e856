/**
 * Takes an allowance away. Threat: a removal that leaves the request allowed, takes from another program what it needs, or opens
 * something because a deny rule went with it. Invariant: afterwards the request is not allowed; nothing becomes allowed that was
 * not; other programs and hosts keep what they had, or the edit is refused with what to do by hand.
 */
import { isScalar, isSeq } from "yaml";
import { canonicalHost } from "../canonical/host.ts";
import { canonicalJson } from "../canonical/json.ts";
import type { Clause, Endpoint, Policy, PolicyEntry } from "../model.ts";
import { openPolicy } from "../parse.ts";
import { PolicyEditError } from "./error.ts";
import { narrowestRemoval, type Removal } from "./narrowest.ts";
import { endpointsMeet, programsMeet } from "./overlap.ts";
import { removeItem } from "./remove-item.ts";
import type { NodePath } from "./remove-node.ts";
import { BEFORE_EVERY_EXPIRY_MS, canonicalRequest, isAllowed, parseOrThrow, type RuleRequest } from "./request.ts";
import { splitOut } from "./split-entry.ts";

/** Names what is to go by what it says, so that the same removal twice is the same as once. */
export interface RuleTarget {
  entry: string;
  /** Only this endpoint; `port` and `path` where several have the host. */
  endpoint?: { host: string; port?: number | undefined; path?: string | undefined } | undefined;
  /** Only the rule that says exactly this. */
  rule?: Clause | undefined;
}

/** A request that more rules than this allow needs a person, not an edit. */
const REMOVALS_MAX = 32;

/**
 * The text without what allows the request (one rule, else the endpoint, else the entry), or without what the target names; the same
 * text when there is nothing to remove. Throws PolicyEditError with what to do by hand.
 */
export function removeRule(yamlText: string, what: RuleRequest | RuleTarget): string {
  let text = yamlText;
  for (let round = 0; round < REMOVALS_MAX; round++) {
    const policy = parseOrThrow(text);
    const removal = "entry" in what ? targetRemoval(policy, what) : requestRemoval(text, policy, what);
    if (removal === null) return text;
    refuseWhatOpens(policy, removal.path);
    text = removal.split === null ? removeItem(text, removal.path) : splitOut(text, policy, removal.split);
  }
  throw new PolicyEditError(`More than ${REMOVALS_MAX} rules would have to go. Remove the entry by hand.`);
}

function requestRemoval(text: string, policy: Policy, request: RuleRequest): Removal | null {
  const wanted = canonicalRequest(request);
  // An entry that will expire allows until then.
  if (!isAllowed(policy, wanted, BEFORE_EVERY_EXPIRY_MS)) return null;
  return narrowestRemoval(policy, wanted, (list) => {
    const ports: unknown = openPolicy(text).document?.getIn(list);
    return isSeq(ports) ? ports.items.findIndex((item) => isScalar(item) && item.value === wanted.port) : -1;
  });
}

const targetRemoval = (policy: Policy, target: RuleTarget): Removal | null => {
  const path = targetPath(policy, target);
  return path === null ? null : { path, split: null };
};

function targetPath(policy: Policy, target: RuleTarget): NodePath | null {
  const entry = Object.hasOwn(policy.network_policies, target.entry)
    ? policy.network_policies[target.entry]
    : undefined;
  if (entry === undefined) return null;
  const path: NodePath = ["network_policies", target.entry];
  if (target.endpoint === undefined && target.rule === undefined) return path;
  for (const [i, endpoint] of entry.endpoints.entries()) {
    if (target.endpoint !== undefined && !isEndpoint(endpoint, target.endpoint)) continue;
    if (target.rule === undefined) return [...path, "endpoints", i];
    const wanted = canonicalJson(canonicalClause(target.rule));
    const rule = endpoint.rules?.findIndex(({ allow }) => canonicalJson(allow) === wanted) ?? -1;
    if (rule !== -1) return [...path, "endpoints", i, "rules", rule];
  }
  return null;
}

const isEndpoint = (endpoint: Endpoint, named: NonNullable<RuleTarget["endpoint"]>): boolean =>
  endpoint.host === (canonicalHost(named.host) ?? named.host.toLowerCase()) &&
  (named.port === undefined || endpoint.ports.includes(named.port)) &&
  (named.path === undefined || endpoint.path === named.path);

const canonicalClause = (clause: Clause): Clause =>
  clause.method === undefined || clause.path === undefined
    ? clause
    : { ...clause, method: clause.method.toUpperCase() };

/** An endpoint may also hold others back: by its deny rules, by a path it speaks for alone, by enforcing where others only audit. */
function refuseWhatOpens(policy: Policy, path: NodePath): void {
  const key = String(path[1]);
  const entry = policy.network_policies[key];
  const going = entry === undefined ? [] : endpointsGoing(entry, path);
  if (entry === undefined || going.length === 0) return;
  const others = Object.entries(policy.network_policies).flatMap(([name, other]) =>
    programsMeet(entry.binaries, other.binaries)
      ? other.endpoints.filter((one) => !going.includes(one)).map((endpoint) => ({ name, endpoint }))
      : [],
  );
  for (const endpoint of going) {
    const rival = others.find((one) => holdsBack(endpoint, one.endpoint) && endpointsMeet(endpoint, one.endpoint));
    if (rival !== undefined)
      throw new PolicyEditError(
        `Entry \`${key}\` also holds back entry \`${rival.name}\` on ${endpoint.host || "the same addresses"}: without it, more would be allowed. Change \`${rival.name}\` first, or remove the entry by hand.`,
      );
  }
}

/** The endpoints that some program loses; a rule takes its endpoint along when it is the last. */
function endpointsGoing(entry: PolicyEntry, [, , list, index, part]: NodePath): Endpoint[] {
  if (list !== "endpoints" || typeof index !== "number") return entry.endpoints;
  const endpoint = entry.endpoints[index];
  return endpoint === undefined || (part === "rules" && endpoint.rules?.length !== 1) ? [] : [endpoint];
}

const isInspected = (endpoint: Endpoint): boolean => endpoint.protocol !== undefined && endpoint.protocol !== "tcp";

const holdsBack = (endpoint: Endpoint, other: Endpoint): boolean =>
  endpoint.deny_rules !== undefined ||
  endpoint.path !== undefined ||
  (endpoint.enforcement === "enforce" && other.enforcement === "audit") ||
  (isInspected(endpoint) && !isInspected(other));
