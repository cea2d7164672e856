import { lookup as systemLookup } from "node:dns/promises";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import type { PolicyDecision } from "@creel/policy";
import { ADDRESSES_TRIED_MAX, LOOKUP_TIMEOUT_MS } from "../limits.ts";

/**
 * From a name to the addresses that may be dialled. Threat: a name that policy allows and whose owner (or whose resolver) points it
 * at the host itself, a neighbour or a metadata service, perhaps only at the second look-up. Invariant: looked up once; each address
 * judged by the policy (`keepAllowed`); only addresses that passed are dialled, and nobody asks again.
 */
export type Lookup = (host: string) => Promise<string[]>;

export interface Target {
  /** At least one. */
  addresses: string[];
  port: number;
  /** Set by the operator for exactly this host and port, and so not refused for being private. */
  operator: boolean;
}
export type TargetResult = { target: Target } | { failed: string };

export interface Resolver {
  /** Addresses as found, not judged yet. */
  resolve(request: { host: string; port: number }): Promise<TargetResult>;
}

export interface ResolverOptions {
  overrides: Readonly<Record<string, string>>;
  lookup?: Lookup;
}

const CACHE_TTL_MS = 5_000;
const CACHE_MAX = 1024;

export const defaultLookup: Lookup = async (host) =>
  (await systemLookup(host, { all: true, verbatim: true })).map((entry) => entry.address);

export function createResolver(options: ResolverOptions): Resolver {
  const overrides = parseOverrides(options.overrides);
  const lookup = options.lookup ?? defaultLookup;
  const cache = new Map<string, { at: number; addresses: Promise<string[]> }>();

  function lookupOnce(host: string): Promise<string[]> {
    const known = cache.get(host);
    if (known !== undefined && performance.now() - known.at < CACHE_TTL_MS) return known.addresses;
    const addresses = withTimeout(lookup(host));
    cache.delete(host);
    cache.set(host, { at: performance.now(), addresses });
    addresses.catch(() => cache.delete(host));
    const oldest = cache.keys().next().value;
    if (cache.size > CACHE_MAX && oldest !== undefined) cache.delete(oldest);
    return addresses;
  }

  return {
    async resolve({ host, port }) {
      const override = overrides.get(`${host}:${port}`);
      if (override !== undefined)
        return { target: { addresses: [override.address], port: override.port ?? port, operator: true } };
      let found: string[];
      try {
        found = isIP(host) === 0 ? await lookupOnce(host) : [host];
      } catch (error) {
        return {
          failed: `The name ${host} could not be resolved (${error instanceof Error ? error.message : "unknown"}).`,
        };
      }
      if (found.length === 0) return { failed: `The name ${host} has no address.` };
      return { target: { addresses: found.slice(0, ADDRESSES_TRIED_MAX), port, operator: false } };
    },
  };
}

/**
 * The addresses that may be dialled, by the policy's word on each, or its denial when none is left. What the operator set for this
 * host and port is judged as a name only: that is what the setting is for.
 */
export function keepAllowed(
  target: Target,
  host: string,
  judge: (ip: string | undefined) => PolicyDecision,
): { decision: PolicyDecision; addresses: string[] } {
  if (target.operator) return { decision: judge(undefined), addresses: target.addresses };
  let denied: PolicyDecision | null = null;
  let passed: PolicyDecision | null = null;
  const addresses: string[] = [];
  for (const address of target.addresses) {
    const decision = ownAddresses().has(address)
      ? { decision: "deny" as const, rule: null, reason: `${host} leads to ${address}, which is this host itself.` }
      : judge(address);
    if (decision.decision === "deny") denied ??= decision;
    else {
      passed ??= decision;
      addresses.push(address);
    }
  }
  const none: PolicyDecision = { decision: "deny", rule: null, reason: `${host} has no address.` };
  return { decision: passed ?? denied ?? none, addresses };
}

/**
 * The policy's word on what is dialled, or may be at any moment: nobody asks which address it came to, so each must still be allowed.
 * Threat: a name whose owner gives a public address beside a private one, and what leads to the private one outlives its permission.
 */
export function judgeDialled(
  target: Target,
  host: string,
  judge: (ip: string | undefined) => PolicyDecision,
): PolicyDecision {
  const { decision, addresses } = keepAllowed(target, host, judge);
  if (decision.decision === "deny" || addresses.length === target.addresses.length) return decision;
  return { decision: "deny", rule: null, reason: `An address of ${host} is not allowed any more; connect again.` };
}

const OWN_ADDRESSES_TTL_MS = 5_000;
let own: { at: number; addresses: Set<string> } | null = null;
/** Addresses of this host's interfaces: public ones too would reach services that trust the host. */
function ownAddresses(): Set<string> {
  const at = performance.now();
  if (own !== null && at - own.at < OWN_ADDRESSES_TTL_MS) return own.addresses;
  const all = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((item) => item.address));
  own = { at, addresses: new Set(all) };
  return own.addresses;
}

function withTimeout(work: Promise<string[]>): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the resolver did not answer in time")), LOOKUP_TIMEOUT_MS);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** `{"host:port": "address[:port]"}`; throws on anything else, because a silently ignored setting would be looked up publicly. */
export function parseOverrides(
  raw: Readonly<Record<string, string>>,
): Map<string, { address: string; port: number | null }> {
  const parsed = new Map<string, { address: string; port: number | null }>();
  for (const [key, value] of Object.entries(raw)) {
    const bare = isIP(value) !== 0 ? { address: value, port: null } : splitPort(value);
    if (!/^[^:\s]+:\d{1,5}$/.test(key) || bare === null || isIP(bare.address) === 0) {
      throw new RangeError(
        `resolve: "${key}": "${value}" is not "host:port": "address[:port]"; write e.g. "api.example:443": "127.0.0.1:8443".`,
      );
    }
    parsed.set(key.toLowerCase(), bare);
  }
  return parsed;
}

function splitPort(value: string): { address: string; port: number } | null {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(value);
  const address = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return address === undefined || port < 1 || port > 65535 ? null : { address, port };
}
