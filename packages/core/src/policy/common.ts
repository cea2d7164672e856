/**
 * Policies that may be no wider than either of two, the most useful first. They are guesses by form: whoever takes one shows first
 * that it opens nothing.
 */
import { canonicalJson, type Endpoint, type Policy, type PolicyEntry } from "@creel/policy";

const same = (a: unknown, b: unknown): boolean => canonicalJson(a ?? null) === canonicalJson(b ?? null);

const shared = <T>(a: readonly T[], b: readonly T[]): T[] => a.filter((each) => b.some((other) => same(each, other)));

const joined = <T>(a: readonly T[] = [], b: readonly T[] = []): T[] => [
  ...a,
  ...b.filter((each) => !a.some((other) => same(each, other))),
];

export function commonPolicies(a: Policy, b: Policy): Policy[] {
  const rules = [
    entriesOf(a, b, (own, other) => commonEntry(own, other)),
    entriesOf(a, b, (own, other) => (same(own, other) ? own : null)),
    {},
  ];
  const bases = [a, b].map((policy): Policy => ({ ...policy, ...commonFiles(a, b), tests: [] }));
  return rules.flatMap((network_policies) => bases.map((base) => ({ ...base, network_policies })));
}

function entriesOf(
  a: Policy,
  b: Policy,
  common: (own: PolicyEntry, other: PolicyEntry) => PolicyEntry | null,
): Record<string, PolicyEntry> {
  const kept: Record<string, PolicyEntry> = {};
  for (const [key, own] of Object.entries(a.network_policies)) {
    const other = Object.hasOwn(b.network_policies, key) ? b.network_policies[key] : undefined;
    const entry = other === undefined ? null : common(own, other);
    if (entry !== null) kept[key] = entry;
  }
  return kept;
}

/** Entries that differ otherwise than in programs and endpoints have nothing in common that form shows. */
function commonEntry(own: PolicyEntry, other: PolicyEntry): PolicyEntry | null {
  const { endpoints, binaries, ...rest } = own;
  const { endpoints: theirs, binaries: their, ...others } = other;
  if (!same(rest, others)) return null;
  const programs = shared(binaries, their);
  const places = endpoints.flatMap((each) => theirs.flatMap((twin) => commonEndpoint(each, twin) ?? []));
  // No programs listed may mean any, so a list that became empty is no list.
  if (places.length === 0 || (programs.length === 0 && (binaries.length > 0 || their.length > 0))) return null;
  return { ...rest, endpoints: places, binaries: programs };
}

function commonEndpoint(own: Endpoint, other: Endpoint): Endpoint | null {
  const { rules, deny_rules, ports, ...rest } = own;
  const { rules: theirs, deny_rules: denied, ports: open, ...others } = other;
  const both = shared(ports, open);
  if (both.length === 0 || !same(rest, others)) return null;
  if ((rules === undefined) !== (theirs === undefined)) return null;
  const allowed = rules === undefined ? undefined : shared(rules, theirs ?? []);
  if (allowed?.length === 0) return null;
  const denies = joined(deny_rules, denied);
  return {
    ...rest,
    ports: both,
    ...(allowed === undefined ? {} : { rules: allowed }),
    ...(denies.length === 0 ? {} : { deny_rules: denies }),
  };
}

/** Places that both let an agent read and write. */
function commonFiles(a: Policy, b: Policy): Pick<Policy, "filesystem_policy"> | undefined {
  const [own, other] = [a.filesystem_policy, b.filesystem_policy];
  if (own === undefined || other === undefined) return undefined;
  return {
    filesystem_policy: {
      include_workdir: own.include_workdir && other.include_workdir,
      read_only: shared(own.read_only, other.read_only),
      read_write: shared(own.read_write, other.read_write),
    },
  };
}
