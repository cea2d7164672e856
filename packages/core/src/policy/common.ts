/**
 * Threat: two texts of a megabyte that somebody wrote so that finding what they have in common stops everybody else's work.
 * Invariant: each guess takes time in proportion to the texts and `PAIRS_MAX`, and is made only when it is asked for. They are
 * guesses by form, of policies that may be no wider than either of two, the most useful first: whoever takes one shows first that it
 * opens nothing.
 */
import { canonicalJson, type Endpoint, type Policy, type PolicyEntry } from "@creel/policy";

/** Endpoints of one place that are laid side by side, of all entries: what lies past these is left out. */
const PAIRS_MAX = 20_000;

const keyOf = (value: unknown): string => canonicalJson(value ?? null);
const same = (a: unknown, b: unknown): boolean => keyOf(a) === keyOf(b);

function shared<T>(a: readonly T[], b: readonly T[]): T[] {
  const known = new Set(b.map(keyOf));
  return a.filter((each) => known.has(keyOf(each)));
}

const joined = <T>(a: readonly T[] = [], b: readonly T[] = []): T[] => [
  ...new Map([...a, ...b].map((each) => [keyOf(each), each])).values(),
];

type Common = (own: PolicyEntry, other: PolicyEntry) => PolicyEntry | null;

export function* commonPolicies(a: Policy, b: Policy): Generator<Policy> {
  const files = commonFiles(a, b);
  const [first, second] = [a, b].map((policy): Policy => ({ ...policy, ...files, tests: [], network_policies: {} }));
  const bases = [first, ...(same(first, second) ? [] : [second])].flatMap((base) => base ?? []);
  const budget = { pairs: PAIRS_MAX };
  const ways: Common[] = [
    (own, other) => commonEntry(own, other, budget),
    (own, other) => (same(own, other) ? own : null),
    () => null,
  ];
  for (const common of ways) {
    const network_policies = entriesOf(a, b, common);
    for (const base of bases) yield { ...base, network_policies };
  }
}

function entriesOf(a: Policy, b: Policy, common: Common): Record<string, PolicyEntry> {
  const kept: Record<string, PolicyEntry> = {};
  for (const [key, own] of Object.entries(a.network_policies)) {
    const other = Object.hasOwn(b.network_policies, key) ? b.network_policies[key] : undefined;
    const entry = other === undefined ? null : common(own, other);
    if (entry !== null) kept[key] = entry;
  }
  return kept;
}

/** Entries that differ otherwise than in programs and endpoints have nothing in common that form shows. */
function commonEntry(own: PolicyEntry, other: PolicyEntry, budget: { pairs: number }): PolicyEntry | null {
  if (same(own, other)) return own;
  const { endpoints, binaries, ...rest } = own;
  const { endpoints: theirs, binaries: their, ...others } = other;
  if (!same(rest, others)) return null;
  const programs = shared(binaries, their);
  const twins = new Map<string, Endpoint[]>();
  for (const twin of theirs) twins.set(placeOf(twin), [...(twins.get(placeOf(twin)) ?? []), twin].slice(-TWINS_MAX));
  const places = endpoints.flatMap((each) =>
    (twins.get(placeOf(each)) ?? []).flatMap((twin) => (budget.pairs-- > 0 ? (commonEndpoint(each, twin) ?? []) : [])),
  );
  // No programs listed may mean any, so a list that became empty is no list.
  if (places.length === 0 || (programs.length === 0 && (binaries.length > 0 || their.length > 0))) return null;
  return { ...rest, endpoints: places, binaries: programs };
}

/** Endpoints of one entry that say the same but for ports and rules, of which more than a few are nobody's way to write. */
const TWINS_MAX = 8;

/** All that must be the same for two endpoints to have anything in common. */
const placeOf = ({ rules, deny_rules: _, ports: __, ...rest }: Endpoint): string =>
  keyOf({ ...rest, ruled: rules !== undefined });

function commonEndpoint(own: Endpoint, other: Endpoint): Endpoint | null {
  const { rules, deny_rules, ports, ...rest } = own;
  const both = shared(ports, other.ports);
  if (both.length === 0) return null;
  const allowed = rules === undefined ? undefined : shared(rules, other.rules ?? []);
  if (allowed?.length === 0) return null;
  const denies = joined(deny_rules, other.deny_rules);
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
