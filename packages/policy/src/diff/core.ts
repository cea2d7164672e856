/** A piece of one place in words that hold for every place with the same difference. */
import { canonicalJson } from "../canonical/json.ts";
import { canonicalPattern } from "../engine/clause.ts";
import { INFERENCE_RULE } from "../engine/inference.ts";
import { compileGlob } from "../glob.ts";
import type { Protocol } from "../model.ts";
import type { PolicyRequest } from "../types.ts";
import type { Budget } from "./bounds.ts";
import { clausesOf, type PlacedClause } from "./clauses.ts";
import { conditionOf } from "./dimension.ts";
import type { Piece, Place, Space } from "./place.ts";
import { readRequest } from "./predicates.ts";
import { CoverTable, cover } from "./sets/cover.ts";
import { type Item, judge } from "./sides.ts";
import type { Conjunction, Predicate, RequestChange, TextSet } from "./types.ts";
import { describeCondition } from "./words.ts";

export type Core = Omit<RequestChange, "callers" | "hosts" | "ports" | "risk" | "sentence" | "example">;

/** Addresses of which nothing is said: public ones, or none known yet. */
const USUAL_ADDRESS: Conjunction = { all: [{ kind: "address_public" }], none: [] };
const PLAIN_PATH: Conjunction = { all: [], none: [{ kind: "encoded_slash" }] };
const ENCODED_PATH: Conjunction = { all: [{ kind: "encoded_slash" }], none: [] };

export interface CoreAndExample {
  core: Core;
  example: PolicyRequest;
}

/** Usually one; two where paths with and without an encoded slash differ differently. */
export function coresOf(place: Place, space: Space, piece: Piece, budget: Budget): CoreAndExample[] {
  const rules = rulesOf(place, piece, budget);
  const outer = [
    conditionOf(space.time, piece.times),
    space.address === null ? [USUAL_ADDRESS] : conditionOf(space.address, piece.addresses),
  ].filter((condition) => condition !== null);
  const shared = {
    effect: piece.effect,
    protocol: protocolOf(place, piece),
    reach: piece.reach,
    denyRuleRemoved: piece.effect === "allow" && losesDeny(place, piece),
    ...rules,
  };
  const withWords = (where: (readonly Conjunction[])[]) => ({
    where,
    conditions: where.map(describeCondition).filter((words) => words !== null),
  });
  const { inner } = piece;
  if (inner === null || isWhole(space, piece))
    return [
      {
        core: { ...shared, methods: null, methodsExcept: [], paths: null, tools: null, ...withWords(outer) },
        example: piece.example,
      },
    ];
  const conditions = inner.flatMap((chosen, i) => {
    const dimension = space.inner[i];
    const condition = dimension === undefined ? null : conditionOf(dimension, chosen);
    return condition === null ? [] : [condition];
  });
  const methods = methodsOf(space, piece.methods);
  return pathSets(space, piece.paths).map(({ paths, slash, first }, i) => ({
    core: {
      ...shared,
      // The connection and what is unreadable are claimed once.
      reach: i === 0 ? piece.reach : { connection: false, requests: true, unreadable: false },
      ...methods,
      paths: isAnyPath(paths) && shared.protocol !== "rest" && shared.protocol !== "websocket" ? null : paths,
      tools: toolsOf(conditions.flat()),
      ...withWords([...outer, ...conditions, ...(slash === null ? [] : [[slash]])]),
    },
    example: piece.exampleAt(first),
  }));
}

const isAnyPath = (paths: readonly TextSet[]): boolean =>
  paths.some(
    ({ match, except, also, loose }) =>
      match === "/**" && except.length === 0 && also === undefined && loose === undefined,
  );

/** Everything that can be sent, readable or not. */
const isWhole = (space: Space, { reach, inner, methods, paths }: Piece): boolean =>
  reach.connection &&
  reach.unreadable &&
  inner?.every((chosen, i) => chosen.length === space.inner[i]?.atoms.length) === true &&
  methods.length === space.methods.length &&
  paths.length === space.paths.length &&
  space.leading === null;

function methodsOf(space: Space, chosen: readonly number[]): Pick<Core, "methods" | "methodsExcept"> {
  const named = chosen.flatMap((i) => space.methods[i] ?? []);
  if (space.other === null || !named.includes(space.other)) return { methods: named.sort(), methodsExcept: [] };
  return { methods: ["*"], methodsExcept: space.methods.filter((method) => !named.includes(method)).sort() };
}

interface PathSets {
  paths: TextSet[];
  slash: Conjunction | null;
  /** One of the chosen classes. */
  first: number;
}

/** Chosen classes of paths by the patterns of the two files. */
function pathSets(space: Space, chosen: readonly number[]): PathSets[] {
  const slashBit = space.patterns.length;
  const isEncoded = (i: number) => space.paths[i]?.bits[slashBit] === true;
  const searchedEncoded = space.paths.some((_, i) => isEncoded(i));
  const of = (places: readonly number[]) => {
    const found = cover({
      table: new CoverTable(
        places.map((i) => space.paths[i]?.bits ?? []),
        [slashBit],
      ),
      chosen: new Set(places.flatMap((place, i) => (chosen.includes(place) ? [i] : []))),
      leading: space.leading,
    });
    return found?.map(({ all, none }) => pathSetOf(space, all, none)) ?? null;
  };
  const all = space.paths.map((_, i) => i);
  if (searchedEncoded) {
    const together = of(all);
    if (together !== null) return [{ paths: together, slash: null, first: chosen[0] ?? 0 }];
  }
  const parts = [
    { places: all.filter((i) => !isEncoded(i)), slash: PLAIN_PATH },
    { places: all.filter(isEncoded), slash: ENCODED_PATH },
  ];
  return parts.flatMap(({ places, slash }) => {
    const paths = of(places) ?? [];
    const first = places.find((place) => chosen.includes(place)) ?? 0;
    return paths.length === 0 ? [] : [{ paths, slash, first }];
  });
}

function pathSetOf(space: Space, all: readonly number[], none: readonly number[]): TextSet {
  const [first, ...others] = all;
  const at = (i: number) => space.patterns[i] ?? { pattern: "/**", loose: false };
  const lead = first === undefined ? { pattern: "/**", loose: false } : at(first);
  const also = others.map(at);
  const except = none.map(at).sort((a, b) => (a.pattern < b.pattern ? -1 : 1));
  const looseOnes = (list: readonly { loose: boolean }[]) => list.flatMap(({ loose }, i) => (loose ? [i] : []));
  const loose = { match: lead.loose, except: looseOnes(except), also: looseOnes(also) };
  return {
    match: lead.pattern,
    except: except.map(({ pattern }) => pattern),
    ...(also.length === 0 ? {} : { also: also.map(({ pattern }) => pattern) }),
    ...(loose.match || loose.except.length > 0 || loose.also.length > 0 ? { loose } : {}),
  };
}

/** Tools, operations and models that the conditions name, for a table's column; the conditions themselves are exact. */
function toolsOf(conjunctions: readonly Conjunction[]): TextSet[] | null {
  const textOf = (predicate: Predicate): string[] =>
    predicate.kind === "tool"
      ? [...predicate.values]
      : predicate.kind === "operation_name" || predicate.kind === "model"
        ? [predicate.pattern]
        : [];
  const sets = conjunctions.flatMap(({ all, none }) =>
    all.flatMap(textOf).map((match) => ({ match, except: none.flatMap(textOf) })),
  );
  return sets.length === 0 ? null : sets;
}

function rulesOf(place: Place, piece: Piece, budget: Budget): Pick<Core, "ruleBefore" | "ruleAfter"> {
  const other = piece.effect === "allow" ? place.before : place.after;
  const { rule } = judge(other, piece.example, piece.exampleAtMs, budget);
  return piece.effect === "allow"
    ? { ruleBefore: rule, ruleAfter: piece.rule }
    : { ruleBefore: piece.rule, ruleAfter: rule };
}

/** Is there a deny clause of the old version, at that time gone from the new, that speaks of the example? */
function losesDeny(place: Place, { example, exampleAtMs }: Piece): boolean {
  const key = ({ clause, item }: PlacedClause) => `${item.endpoint.path ?? ""}${canonicalJson(clause)}`;
  const inForce = (items: readonly Item[]) => clausesOf(items.filter(({ expiresAtMs }) => expiresAtMs > exampleAtMs));
  const kept = new Set(inForce(place.itemsAfter).flatMap((placed) => (placed.deny ? [key(placed)] : [])));
  const gone = inForce(place.itemsBefore).filter(
    (placed) => placed.deny && placed.item.inspected && !kept.has(key(placed)),
  );
  const paths = readRequest(example, exampleAtMs).target?.denyPaths ?? [];
  return gone.some(({ clause }) => {
    if (clause.path === undefined) return true;
    const methodMeets = clause.method === "*" || clause.method === example.method || clause.method === undefined;
    const head = clause.method === "GET" && example.method === "HEAD";
    return (
      (methodMeets || head) &&
      paths.some(compileGlob(canonicalPattern(clause.path), { separator: "/", ignoreCase: true }))
    );
  });
}

/** Of the endpoints of the entry that allows, the one whose `path` speaks for the example. */
function protocolOf(place: Place, { effect, rule, example, exampleAtMs }: Piece): Protocol | "raw" {
  if (rule === INFERENCE_RULE && place.models !== null) return "rest";
  const items = effect === "allow" ? place.itemsAfter : place.itemsBefore;
  const paths = readRequest(example, exampleAtMs).target?.denyPaths ?? [];
  const speaks = ({ endpoint, key }: Item): boolean =>
    key === rule &&
    (endpoint.path === undefined ||
      paths.length === 0 ||
      paths.some(compileGlob(canonicalPattern(endpoint.path), { separator: "/", ignoreCase: true })));
  const speaking = items.filter(speaks).sort((a, b) => (b.endpoint.path ?? "").length - (a.endpoint.path ?? "").length);
  const [first] = speaking;
  return first === undefined || !first.inspected ? "raw" : (first.endpoint.protocol ?? "raw");
}
