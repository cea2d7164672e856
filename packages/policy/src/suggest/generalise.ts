/**
 * From the paths that were seen to the rules that allow them. Threat: a handful of requests that open a whole service. Invariant: the
 * first segment is never given up; a place becomes `*` only for many values under the same neighbours, and `**` only for what is wide
 * and of varying depth; the result depends on the set of paths alone, not on their order.
 */
import { literalGlob } from "../edit/request.ts";
import { looksLikeId } from "../replay/path-shape.ts";
import {
  DEEP_CHILDREN_MIN,
  DEEP_DEPTHS_MIN,
  DEEP_PATHS_MIN,
  DEEP_RULES_MIN,
  ID_VALUES_MIN,
  SEGMENTS_JOINED_MAX,
  WORD_VALUES_MIN,
} from "./limits.ts";

export interface SeenPath {
  /** Canonical path, its secrets replaced by `ANY`. */
  segments: readonly string[];
  count: number;
}
export interface PathRule {
  pattern: string;
  /** The paths it was made of; one, when it stands for itself. */
  paths: readonly SeenPath[];
}
/** No canonical path holds it, so a literal `*` is never taken for a wildcard. */
export const ANY = "\u0000*";
const DEEP = "\u0000**";

interface Item {
  segments: readonly string[];
  paths: SeenPath[];
}

/** The segments behind the first slash; a slash at the end leaves an empty one. */
export const segmentsOf = (path: string): string[] => path.slice(1).split("/");

const patternOf = (segments: readonly string[]): string =>
  `/${segments.map((s) => (s === ANY ? "*" : s === DEEP ? "**" : literalGlob(s))).join("/")}`;

/** Each seen path as a rule of its own. */
export const literalRules = (paths: readonly SeenPath[]): PathRule[] =>
  asRules(paths.map((path) => ({ segments: path.segments, paths: [path] })));

/** `nothing` stands for more than was seen, `identifiers` alone, or also `words` and what lies below a prefix. */
export type Generality = "nothing" | "identifiers" | "words";

export function generalisePaths(paths: readonly SeenPath[], generality: Generality = "words"): PathRule[] {
  if (generality === "nothing") return literalRules(paths);
  const items = paths.map((path): Item => ({ segments: path.segments, paths: [path] }));
  const short = items.filter((item) => item.segments.length <= SEGMENTS_JOINED_MAX);
  const long = items.filter((item) => item.segments.length > SEGMENTS_JOINED_MAX);
  const joined = joinIds(short);
  return asRules([...(generality === "words" ? joinDeep(joinWords(joined)) : joined), ...long]);
}

const asRules = (items: readonly Item[]): PathRule[] =>
  items
    .map(({ segments, paths }) => ({ pattern: patternOf(segments), paths }))
    .sort((a, b) => (a.pattern < b.pattern ? -1 : a.pattern > b.pattern ? 1 : 0));

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

const isOpenId = (segment: string, at: number): boolean => at > 0 && segment !== ANY && looksLikeId(segment);
const shapeOf = (segments: readonly string[]): string =>
  segments.map((segment, at) => (isOpenId(segment, at) ? "\u0001" : segment)).join("/");

/** Paths that differ in identifiers alone. */
function joinIds(items: readonly Item[]): Item[] {
  return groupBy(items, (item) => shapeOf(item.segments)).flatMap((group) => {
    const places = group[0]?.segments.flatMap((segment, at) => (isOpenId(segment, at) ? [at] : [])) ?? [];
    return splitByFew(group, places);
  });
}

/** A place with few values keeps them, each on its own; where all places have many, all become `*`. */
function splitByFew(group: readonly Item[], places: readonly number[]): Item[] {
  if (places.length === 0) return mergeEqual(group);
  const few = places.find((at) => new Set(group.map((item) => item.segments[at])).size < ID_VALUES_MIN);
  if (few === undefined) return [merge(group, places)];
  const rest = places.filter((at) => at !== few);
  return groupBy(group, (item) => item.segments[few] ?? "").flatMap((part) => splitByFew(part, rest));
}

function merge(group: readonly Item[], places: readonly number[]): Item {
  const segments = (group[0]?.segments ?? []).map((segment, at) => (places.includes(at) ? ANY : segment));
  return { segments, paths: group.flatMap((item) => item.paths) };
}
const mergeEqual = (items: readonly Item[]): Item[] =>
  groupBy(items, (item) => item.segments.join("/")).map((group) => merge(group, []));

/** Paths that differ in one word alone, from the end to the front, until nothing more can be joined. */
function joinWords(items: readonly Item[]): Item[] {
  let current = [...items];
  for (let changed = true; changed; ) {
    changed = false;
    const places = current.reduce((most, item) => Math.max(most, item.segments.length), 0);
    for (let at = places - 1; at > 0; at--) {
      const joined = joinAt(current, at);
      if (joined.length < current.length) changed = true;
      current = joined;
    }
  }
  return current;
}

function joinAt(items: readonly Item[], at: number): Item[] {
  const neighbours = ({ segments }: Item): string =>
    // An empty last segment is a slash at the end, which is no value of its place.
    segments[at] === undefined || segments[at] === ""
      ? `=${segments.join("/")}`
      : segments.map((segment, i) => (i === at ? "\u0001" : segment)).join("/");
  return groupBy(items, neighbours).flatMap((group) => {
    const values = new Set(group.map((item) => item.segments[at]).filter((value) => value !== ANY));
    return values.size >= WORD_VALUES_MIN ? [merge(group, [at])] : group;
  });
}

/** From the longest prefix to the shortest, so that no wider one is taken than the paths ask for. */
function joinDeep(items: readonly Item[]): Item[] {
  let current = [...items];
  const deepest = current.reduce((most, item) => Math.max(most, item.segments.length), 0);
  for (let length = deepest - 1; length >= 1; length--) {
    const below = current.filter((item) => isBelow(item, length));
    const others = current.filter((item) => !isBelow(item, length));
    const groups = groupBy(below, (item) => item.segments.slice(0, length).join("/"));
    current = [...others, ...groups.flatMap((group) => (isBroad(group, length) ? [mergeDeep(group, length)] : group))];
  }
  return current;
}

const isBelow = ({ segments }: Item, length: number): boolean =>
  segments.length > length && segments.slice(0, length).every((segment) => segment !== ANY && segment !== DEEP);

function isBroad(group: readonly Item[], length: number): boolean {
  if (group.length < DEEP_RULES_MIN) return false;
  const paths = group.flatMap((item) => item.paths);
  const depths = new Set(paths.map((path) => path.segments.length));
  const children = new Set(group.map((item) => item.segments[length]));
  return paths.length >= DEEP_PATHS_MIN && depths.size >= DEEP_DEPTHS_MIN && children.size >= DEEP_CHILDREN_MIN;
}

const mergeDeep = (group: readonly Item[], length: number): Item => ({
  segments: [...(group[0]?.segments.slice(0, length) ?? []), DEEP],
  paths: group.flatMap((item) => item.paths),
});
