/** Query parameters, headers, upgrade, body size, address and time: each a dimension where the place's clauses speak of it. */
import type { Matcher } from "../model.ts";
import { addressSamples } from "./addresses.ts";
import { BoundReached, type Budget, VALUE_SETS_MAX, WORK_PER_READING } from "./bounds.ts";
import type { PlacedClause } from "./clauses.ts";
import { type Dimension, dimensionOf, trivial } from "./dimension.ts";
import type { Draft, Part } from "./draft.ts";
import { requestOf, unchanged } from "./draft.ts";
import { compilePredicate, readRequest } from "./predicates.ts";
import { valueAtoms } from "./sets/texts.ts";
import type { Item } from "./sides.ts";
import type { Predicate } from "./types.ts";

export const globsOf = (matcher: Matcher): string[] => (typeof matcher === "string" ? [matcher] : matcher.any);

/** Predicates that say the same are one. */
export function distinctPredicates<T extends Predicate>(predicates: readonly T[]): T[] {
  const seen = new Set<string>();
  return predicates.filter((predicate) => {
    const key = JSON.stringify(predicate);
    return seen.has(key) ? false : seen.add(key) !== undefined;
  });
}

/** Any text that can be sent as a value; `+` and the like are escaped by the writer. */
const VALUE = /^[^\0\r\n]$/;
const HEADER_VALUE = /^[\x20-\x7e]$/;

/** One dimension for each parameter name, whatever its case. */
export function queryDimensions(clauses: readonly PlacedClause[], base: Draft, budget: Budget): Dimension[] {
  const byName = new Map<string, Extract<Predicate, { kind: "query" }>[]>();
  for (const { clause, deny } of clauses)
    for (const [name, matcher] of Object.entries(clause.query ?? {})) {
      const own = byName.get(name.toLowerCase()) ?? [];
      own.push({
        kind: "query",
        name: deny ? name.toLowerCase() : name,
        values: globsOf(matcher),
        reading: deny ? "some" : "every",
      });
      byName.set(name.toLowerCase(), own);
    }
  return [...byName].map(([lowerName, found]) => {
    const predicates = distinctPredicates(found);
    const patterns = predicates.flatMap(({ values, reading }) =>
      values.map((pattern) => ({ pattern, loose: reading === "some", separator: "" as const })),
    );
    const values = valueAtoms(patterns, { valid: VALUE, climbing: false }, budget).map(({ witness }) => witness);
    const exact = new Set(predicates.filter(({ reading }) => reading === "every").map(({ name }) => name));
    const other = [lowerName, lowerName.toUpperCase(), `${lowerName.slice(0, -1)}${lowerName.slice(-1).toUpperCase()}`];
    const spellings = [...exact, ...other.filter((name) => !exact.has(name)).slice(0, 1)];
    const singles = spellings.flatMap((name) => values.map((value) => [name, value] as const));
    const partOf =
      (pairs: readonly (readonly [string, string])[]): Part =>
      (draft) => ({ ...draft, query: [...draft.query, ...pairs] });
    const parts = combinations(singles, { predicates, base, partOf }, budget);
    return dimensionOf(predicates, parts, base);
  });
}

/**
 * Several values together can do what no single one does. A predicate asks either whether some value fits or whether there is one and all
 * fit. So of a set of values it matters which predicates hold and which are spoiled by a member; joining one more value depends on
 * nothing else, and all reachable sets are found.
 */
export function combinations<T>(
  singles: readonly T[],
  {
    predicates,
    base,
    partOf,
  }: { predicates: readonly Predicate[]; base: Draft; partOf: (values: readonly T[]) => Part },
  budget: Budget,
): Part[] {
  const compiled = predicates.map(compilePredicate);
  const bitsOf = (values: readonly T[]): boolean[] => {
    budget.spend(WORK_PER_READING + compiled.length / 8);
    const draft = partOf(values)(base);
    const read = readRequest(requestOf(draft), draft.nowMs);
    return compiled.map((holds) => holds(read));
  };
  const alone = singles.map((single) => bitsOf([single]));
  // A value spoils a predicate that would hold for another one alone.
  const fits = predicates.map((_, i) => singles.find((_, place) => alone[place]?.[i] === true));
  const spoils = singles.map((single, place) =>
    fits.flatMap((fit, i) =>
      fit !== undefined && alone[place]?.[i] === false && bitsOf([fit, single])[i] === false ? [i] : [],
    ),
  );
  const found = new Map<string, readonly T[]>([["", []]]);
  const queue: { values: readonly T[]; spoiled: ReadonlySet<number> }[] = [{ values: [], spoiled: new Set() }];
  for (let at = 0; at < queue.length; at++)
    for (const [i, single] of singles.entries()) {
      const members = queue[at] ?? { values: [], spoiled: new Set() };
      if (members.values.includes(single)) continue;
      const values = [...members.values, single];
      const spoiled = new Set([...members.spoiled, ...(spoils[i] ?? [])]);
      const key = `${bitsOf(values).map(Number).join("")}|${[...spoiled].sort((a, b) => a - b).join()}`;
      if (found.has(key)) continue;
      if (found.size >= VALUE_SETS_MAX) throw new BoundReached("Too many combinations of values.");
      found.set(key, values);
      queue.push({ values, spoiled });
    }
  return [...found.values()].map(partOf);
}

/** Header conditions of clauses and entries, one dimension for each name; and whether the request asks for an upgrade. */
export function headerDimensions(
  clauses: readonly PlacedClause[],
  items: readonly Item[],
  base: Draft,
  budget: Budget,
): Dimension[] {
  const byName = new Map<string, Extract<Predicate, { kind: "header" }>[]>();
  const add = (headers: Record<string, Matcher> | undefined, loose: boolean) => {
    for (const [name, matcher] of Object.entries(headers ?? {})) {
      const key = name.toLowerCase();
      byName.set(key, [...(byName.get(key) ?? []), { kind: "header", name: key, values: globsOf(matcher), loose }]);
    }
  };
  for (const { clause, deny } of clauses) add(clause.request?.headers, deny);
  for (const { entry } of items) add(entry.request?.headers, false);
  const dimensions = [...byName].map(([name, found]) => {
    const predicates = distinctPredicates(found);
    const patterns = predicates.flatMap(({ values, loose }) =>
      values.map((pattern) => ({ pattern, loose, separator: "" as const })),
    );
    const values = valueAtoms(patterns, { valid: HEADER_VALUE, climbing: false }, budget);
    const set =
      (value: string): Part =>
      (draft) => ({ ...draft, headers: { ...draft.headers, [name]: value } });
    return dimensionOf(predicates, [unchanged, ...values.map(({ witness }) => set(witness))], base);
  });
  return [...dimensions, upgradeDimension(items, byName.size === 0, base)];
}

function upgradeDimension(items: readonly Item[], headersFree: boolean, base: Draft): Dimension {
  const speaks = (protocol: string) => items.some(({ endpoint }) => endpoint.protocol === protocol);
  const predicates: Predicate[] = [
    ...(speaks("rest") ? [{ kind: "upgrade" as const }] : []),
    ...(speaks("websocket") ? [{ kind: "may_upgrade" as const }] : []),
  ];
  const upgrade: Part = (draft) => ({ ...draft, headers: { ...draft.headers, upgrade: "websocket" } });
  const unknown: Part = (draft) => ({ ...draft, headersKnown: false });
  const parts = [unchanged, upgrade, ...(headersFree && speaks("websocket") ? [unknown] : [])];
  return dimensionOf(predicates, parts, base);
}

/** Sizes of bodies between the bounds that clauses, entries and, where they differ, the protocols set. */
export function sizeDimension(
  clauses: readonly PlacedClause[],
  items: readonly Item[],
  extra: readonly number[],
  base: Draft,
): Dimension {
  const bounds = [
    ...clauses.flatMap(({ clause, deny }) => (deny ? [] : [clause.request?.max_body_bytes])),
    ...items.map(({ entry }) => entry.request?.max_body_bytes),
    ...extra,
  ].filter((bytes): bytes is number => bytes !== undefined);
  const sorted = [...new Set(bounds)].sort((a, b) => a - b);
  if (sorted.length === 0) return trivial;
  const sizes = [0, ...sorted, (sorted.at(-1) ?? 0) + 1, null];
  const predicates = sorted.map((bytes): Predicate => ({ kind: "body_at_most", bytes }));
  return dimensionOf(
    predicates,
    sizes.map(
      (bytes): Part =>
        (draft) => ({ ...draft, bytes }),
    ),
    base,
  );
}

interface AddressOptions {
  /** Which addresses could stand as the host itself, beside another one that it resolved to. */
  mayBeHost(address: string): boolean;
  /** Addresses are told apart even where nothing names any. */
  always: boolean;
  /** Nobody asks for an address. */
  never: boolean;
}

/** Null where `allowed_ips` says nothing, so that only public addresses can be judged differently at all. */
export function addressDimension(
  items: readonly Item[],
  base: Draft,
  { mayBeHost, always, never }: AddressOptions,
): Dimension | null {
  if (never) return trivial;
  const lists = items.flatMap(({ endpoint }) => (endpoint.allowed_ips === undefined ? [] : [endpoint.allowed_ips]));
  if (lists.length === 0 && !always) return null;
  const predicates: Predicate[] = distinctPredicates([
    ...lists.map((ranges): Predicate => ({ kind: "address_within", ranges })),
    { kind: "address_public" },
    { kind: "address_known" },
  ]);
  const resolved =
    (ip: string): Part =>
    (draft) => ({ ...draft, base: { ...draft.base, ip } });
  const samples = addressSamples([...new Set(lists.flat())]);
  const single = dimensionOf(predicates, [unchanged, ...samples.map(resolved)], base);
  const kept = single.atoms.flatMap(({ apply }) => apply(base).base.ip ?? []);
  const pairs = samples.filter(mayBeHost).flatMap((host) =>
    kept.map(
      (ip): Part =>
        (draft) => ({ ...draft, base: { ...draft.base, host, ip } }),
    ),
  );
  return dimensionOf(predicates, [...single.atoms.map(({ apply }) => apply), ...pairs], base);
}

export function timeDimension(items: readonly Item[], base: Draft): Dimension {
  const ends = [...new Set(items.map(({ expiresAtMs }) => expiresAtMs))].filter(Number.isFinite).sort((a, b) => a - b);
  const predicates = ends.map((ms): Predicate => ({ kind: "before", ms }));
  return dimensionOf(
    predicates,
    [
      unchanged,
      ...ends.map(
        (nowMs): Part =>
          (draft) => ({ ...draft, nowMs }),
      ),
    ],
    base,
  );
}
