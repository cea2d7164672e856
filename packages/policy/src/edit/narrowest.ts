/** The narrowest item whose removal takes an allowance away from one program and host alone. */
import { INFERENCE_HOST } from "../engine/inference.ts";
import { compileGlob, hasWildcard } from "../glob.ts";
import type { Endpoint, Policy, PolicyEntry } from "../model.ts";
import { PolicyEditError } from "./error.ts";
import type { NodePath } from "./remove-node.ts";
import { BEFORE_EVERY_EXPIRY_MS, isAllowed, literalGlob, type Wanted } from "./request.ts";
import type { Split } from "./split-entry.ts";

interface Giver {
  key: string;
  entry: PolicyEntry;
  index: number;
  endpoint: Endpoint;
}

export interface Removal {
  /** What allows it. */
  path: NodePath;
  /** Set where other programs keep it: only this one's part is to go. */
  split: Split | null;
}

/**
 * The request must be allowed by the policy. `portInFile` finds the wanted port in a list of the file, which may be in any order.
 * Throws PolicyEditError when nothing can go that is not also another's.
 */
export function narrowestRemoval(policy: Policy, wanted: Wanted, portInFile: (list: NodePath) => number): Removal {
  const [giver] = giversOf(policy, wanted);
  if (giver === undefined)
    throw new PolicyEditError(
      wanted.host === INFERENCE_HOST
        ? "The model host is open to every program unless the file says otherwise. Write `inference: { enabled: false }`, or name who may ask with `inference.binaries`."
        : "No single entry allows this. Change the entries that name the host by hand.",
    );
  const { key, entry, index, endpoint } = giver;
  refuseWide(giver, wanted);
  const rule = ruleOf(policy, giver, wanted);
  const whole: NodePath = ["network_policies", key, "endpoints", index];
  const isPort = rule === null && endpoint.ports.length > 1;
  const path =
    rule !== null ? [...whole, "rules", rule] : isPort ? [...whole, "ports", portInFile([...whole, "ports"])] : whole;
  const binaries = entry.binaries.flatMap((binary, i) => (isProgram(binary.path, wanted) ? [i] : []));
  if (binaries.length === entry.binaries.length) return { path, split: null };
  const kept = rule !== null ? withoutRule(endpoint, rule) : isPort ? withoutPort(endpoint, wanted.port) : null;
  const endpoints = entry.endpoints.flatMap((one, i) => (i !== index ? [one] : kept === null ? [] : [kept]));
  return { path, split: { key, binaries, endpoints } };
}

/** Null when it was the last: without rules an endpoint would allow nothing, or everything. */
const withoutRule = (endpoint: Endpoint, rule: number): Endpoint | null =>
  endpoint.rules === undefined || endpoint.rules.length === 1
    ? null
    : { ...endpoint, rules: endpoint.rules.filter((_, i) => i !== rule) };

const withoutPort = (endpoint: Endpoint, port: number): Endpoint => ({
  ...endpoint,
  ports: endpoint.ports.filter((one) => one !== port),
});

/** Endpoints that alone, without their deny rules, allow it; those without inspection first, since they hold nothing back. */
function giversOf(policy: Policy, wanted: Wanted): Giver[] {
  const givers = Object.entries(policy.network_policies).flatMap(([key, entry]) =>
    entry.endpoints
      .map((endpoint, index): Giver => ({ key, entry, index, endpoint }))
      .filter(({ endpoint }) => namesHost(endpoint, wanted) && allowsAlone(policy, key, entry, endpoint, wanted)),
  );
  const rank = ({ endpoint }: Giver): number =>
    endpoint.protocol === undefined || endpoint.protocol === "tcp" ? 0 : 1;
  return givers.sort((a, b) => rank(a) - rank(b));
}

const namesHost = ({ host, ports }: Endpoint, wanted: Wanted): boolean =>
  ports.includes(wanted.port) &&
  (host === "" || host === wanted.host || (host.includes("*") && compileGlob(host, { separator: "." })(wanted.host)));

const allowsAlone = (policy: Policy, key: string, entry: PolicyEntry, endpoint: Endpoint, wanted: Wanted): boolean =>
  isAllowed(
    { ...policy, network_policies: { [key]: { ...entry, endpoints: [{ ...endpoint, deny_rules: undefined }] } } },
    wanted,
    BEFORE_EVERY_EXPIRY_MS,
  );

/** The rule that allows it; null where the endpoint as a whole does, or where the connection is meant. */
function ruleOf(policy: Policy, { key, entry, endpoint }: Giver, wanted: Wanted): number | null {
  if (wanted.method === null || endpoint.rules === undefined || endpoint.protocol === undefined) return null;
  const at = endpoint.rules.findIndex((rule) =>
    allowsAlone(policy, key, entry, { ...endpoint, rules: [rule] }, wanted),
  );
  return at === -1 ? null : at;
}

const isProgram = (path: string, wanted: Wanted): boolean =>
  path === literalGlob(wanted.binary) || (!hasWildcard(path) && path === wanted.binary);

function refuseWide({ key, entry, endpoint }: Giver, wanted: Wanted): void {
  if (endpoint.host !== wanted.host)
    throw new PolicyEditError(
      `Entry \`${key}\` names ${wanted.host} by ${endpoint.host === "" ? "its address" : `\`${endpoint.host}\``}, which covers other hosts too. Name the hosts that stay, or add a deny rule.`,
    );
  const pattern = entry.binaries.find(
    (binary) => !isProgram(binary.path, wanted) && compileGlob(binary.path, { separator: "/" })(wanted.binary),
  );
  if (pattern !== undefined)
    throw new PolicyEditError(
      `Entry \`${key}\` names ${wanted.binary} by \`${pattern.path}\`, which covers other programs too. Name the programs that stay, or name the entry and the rule to take it from all of them.`,
    );
}
