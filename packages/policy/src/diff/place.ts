/**
 * One place: one class of callers at one class of hosts and one port. Every combination of what its clauses can tell apart is judged by
 * the engine under both versions, and what differs is joined into products of sets.
 */
import type { Caller } from "../engine/binary.ts";
import type { PolicyRequest } from "../types.ts";
import { bodyDimension, modelDimension } from "./body-dimension.ts";
import { BoundReached, type Budget, CELLS_MAX } from "./bounds.ts";
import { clausesOf, methodsOf, otherMethod, type PlacedClause, scopeOf } from "./clauses.ts";
import { type Dimension, trivial } from "./dimension.ts";
import { type Draft, draftOf, requestOf, unchanged } from "./draft.ts";
import {
  addressDimension,
  headerDimensions,
  queryDimensions,
  sizeDimension,
  timeDimension,
} from "./http-dimensions.ts";
import { boxesOf } from "./sets/boxes.ts";
import { type PathPattern, pathAtoms, patternKey } from "./sets/texts.ts";
import { type Item, type Judgement, judge, type Side } from "./sides.ts";

export interface Place {
  before: Side;
  after: Side;
  caller: Caller;
  host: string;
  port: number;
  /** Whether an address, standing as the host, would be of the same class of hosts. */
  isOfClass(address: string): boolean;
  itemsBefore: readonly Item[];
  itemsAfter: readonly Item[];
  nowMs: number;
  /** The model host with an `inference` section: globs of models, and whether the section decides on either side. */
  models: readonly string[] | null;
  /** Something other than the items differs here, so nothing can be left out of the search. */
  searchAll: boolean;
}

/** The classes that this place's requests fall into. */
export interface Space {
  time: Dimension;
  address: Dimension | null;
  /** Outermost first: query parameters, headers, upgrade, size, body. */
  inner: readonly Dimension[];
  methods: readonly string[];
  /** The last method stands for every other. */
  other: string | null;
  paths: readonly { bits: readonly boolean[]; witness: string }[];
  patterns: readonly PathPattern[];
  /** Patterns that may lead a description; null: the whole space of paths was searched. */
  leading: readonly number[] | null;
}

export type Effect = "allow" | "deny";

export interface Piece {
  effect: Effect;
  rule: string | null;
  /** Chosen values of time and address. */
  times: readonly number[];
  addresses: readonly number[];
  reach: { connection: boolean; requests: boolean; unreadable: boolean };
  /** Of the inner dimensions, in their order; null where only the connection or unreadable requests are meant. */
  inner: readonly (readonly number[])[] | null;
  methods: readonly number[];
  paths: readonly number[];
  example: PolicyRequest;
  /** The same with the witness of another class of paths. */
  exampleAt(path: number): PolicyRequest;
  exampleAtMs: number;
}

const SEPARATOR = "\u0000";

export function spaceOf(place: Place, budget: Budget): Space {
  const { itemsBefore, itemsAfter } = place;
  const items = [...itemsBefore, ...itemsAfter];
  // Times, headers and addresses are told apart item by item.
  budget.spend(items.length ** 2 / 8);
  const base = baseOf(place);
  const scope = place.models === null && !place.searchAll ? scopeOf(itemsBefore, itemsAfter) : null;
  const inspected = items.filter((item) => item.inspected);
  const clauses = clausesOf(inspected);
  const patterns = distinctPatterns([
    ...(scope?.paths ?? []),
    // In every reading it says who speaks; as written, what may be allowed.
    ...items.flatMap(({ endpoint: { path } }) =>
      path === undefined
        ? []
        : [
            { pattern: path, loose: true },
            { pattern: path, loose: false },
          ],
    ),
    ...clauses.flatMap(({ clause, deny }) =>
      clause.path === undefined ? [] : [{ pattern: clause.path, loose: deny }],
    ),
  ]);
  const leading = scope === null ? null : distinctPatterns(scope.paths).map((_, i) => i);
  const mixed = items.some((item) => !item.inspected) || itemsBefore.length === 0 || itemsAfter.length === 0;
  const encodedSlash =
    place.models !== null ||
    inspected.some(({ endpoint }) => endpoint.allow_encoded_slash === true) ||
    (mixed && items.some((item) => !item.inspected));
  const paths =
    inspected.length === 0 && place.models === null
      ? [{ bits: [false], witness: "/" }]
      : pathAtoms(patterns, { encodedSlash, within: leading ?? undefined }, budget);
  const relevant = clauses.filter((placed) => isRelevant(placed, patterns, paths, scope?.methods ?? null));
  const named = methodsOf(items);
  const methods = place.models !== null ? methodsAtModels(named) : (scope?.methods ?? [...named, otherMethod(named)]);
  const body = bodyDimension(relevant, inspected, base, budget);
  const models = place.models === null ? trivial : modelDimension(place.models, base, budget);
  // One body cannot carry the witnesses of both.
  if (body.dimension !== trivial && models !== trivial) throw new BoundReached("Models and messages in one place.");
  return {
    time: timeDimension(items, base),
    address: addressDimension(items, base, {
      mayBeHost: (address) => isUnnamed(place, address),
      // The section asks for no address, entries do.
      always: place.models !== null && items.length > 0,
      never: place.models !== null && items.length === 0,
    }),
    inner: [
      ...queryDimensions(relevant, base, budget),
      ...headerDimensions(relevant, inspected, base, budget),
      sizeDimension(relevant, inspected, body.sizes, base),
      body.dimension,
      models,
    ].filter(({ atoms }) => atoms.length > 1),
    methods,
    other: scope?.methods != null ? null : (methods.at(-1) ?? null),
    paths,
    patterns,
    leading,
  };
}

/** Where only endpoints without a host meet, the host may as well be an address, unless some entry names it. */
const isUnnamed = ({ before, after, port, itemsBefore, itemsAfter, isOfClass }: Place, address: string): boolean =>
  isOfClass(address) &&
  [...itemsBefore, ...itemsAfter].every(({ endpoint }) => endpoint.host === "") &&
  [before, after].every((side) => side.itemsAt(address, port).every(({ endpoint }) => endpoint.host === ""));

/** A section tells reading from asking a model; what entries name comes in beside. */
function methodsAtModels(named: readonly string[]): string[] {
  const known = [...new Set([...named, "GET", "HEAD"])];
  return [...known, known.includes("POST") ? otherMethod(known) : "POST"];
}

export function baseOf({ caller, host, port, nowMs }: Place): Draft {
  const { binary, sha256, script, ancestors } = caller;
  return draftOf(
    {
      binary,
      ...(sha256 === undefined ? {} : { sha256 }),
      ...(script === undefined ? {} : { script }),
      ...(ancestors.length === 0 ? {} : { ancestors: [...ancestors] }),
      host,
      port,
    },
    nowMs,
  );
}

export function distinctPatterns(patterns: readonly PathPattern[]): PathPattern[] {
  const found = new Map<string, PathPattern>();
  for (const pattern of patterns) if (!found.has(patternKey(pattern))) found.set(patternKey(pattern), pattern);
  return [...found.values()];
}

/** A clause that no path and method in question meets adds nothing to tell apart. */
function isRelevant(
  { clause, deny }: PlacedClause,
  patterns: readonly PathPattern[],
  paths: Space["paths"],
  methods: readonly string[] | null,
): boolean {
  if (clause.operation_type !== undefined || clause.path === undefined) return true;
  const key = patternKey({ pattern: clause.path, loose: deny });
  const at = patterns.findIndex((pattern) => patternKey(pattern) === key);
  if (!paths.some(({ bits }) => bits[at] === true)) return false;
  return methods === null || clause.method === "*" || methods.includes(clause.method ?? "");
}

/** What differs in this place, as disjoint pieces that together are exactly the difference. */
export function piecesOf(place: Place, space: Space, budget: Budget): Piece[] {
  const base = baseOf(place);
  const addresses = space.address?.atoms ?? [{ apply: unchanged }];
  const tables = new Map<string, { table: Table; times: number[]; address: number }>();
  // Equal tables at several times are one; then times and addresses are joined like any other dimension.
  const cells: string[] = [];
  const byKey = new Map<string, Table>();
  for (const time of space.time.atoms)
    for (const address of addresses) {
      const table = tableOf(place, space, address.apply(time.apply(base)), budget);
      const key = table === null ? "" : table.key;
      cells.push(key);
      if (table !== null && !byKey.has(key)) byKey.set(key, table);
    }
  tables.clear();
  const pieces: Piece[] = [];
  for (const [key, table] of byKey)
    for (const box of boxesOf([space.time.atoms.length, addresses.length], (cell) => cells[cell] === key)) {
      const [times = [], chosen = []] = box.values;
      const draft = (addresses[chosen[0] ?? 0]?.apply ?? unchanged)(
        (space.time.atoms[times[0] ?? 0]?.apply ?? unchanged)(base),
      );
      pieces.push(...piecesOfTable(table, space, draft).map((piece) => ({ ...piece, times, addresses: chosen })));
    }
  return pieces;
}

/** All judgements that differ at one time and address; labels are effect and rule. */
interface Table {
  key: string;
  connection: string;
  unreadable: string;
  /** Empty: as the connection, for whole. Null: requests are not told apart and do not differ. */
  cells: readonly string[] | "whole" | null;
}

const NONE = "";
function labelOf(before: Judgement, after: Judgement): string {
  if (before.allowed === after.allowed) return NONE;
  return after.allowed ? `allow${SEPARATOR}${after.rule ?? ""}` : `deny${SEPARATOR}${before.rule ?? ""}`;
}

function tableOf(place: Place, space: Space, draft: Draft, budget: Budget): Table | null {
  const { before, after } = place;
  budget.spend(place.itemsBefore.length + place.itemsAfter.length);
  const opening = requestOf(draft);
  const [opensBefore, opensAfter] = [
    judge(before, opening, draft.nowMs, budget),
    judge(after, opening, draft.nowMs, budget),
  ];
  if (!opensBefore.allowed && !opensAfter.allowed) return null;
  const connection = labelOf(opensBefore, opensAfter);
  const looks = (items: readonly Item[]) =>
    place.models !== null || items.some((item) => item.inspected && item.expiresAtMs > draft.nowMs);
  const judgesBefore = opensBefore.allowed && looks(place.itemsBefore);
  const judgesAfter = opensAfter.allowed && looks(place.itemsAfter);
  if (!judgesBefore && !judgesAfter)
    return connection === NONE
      ? null
      : { key: `whole ${connection}`, connection, unreadable: connection, cells: "whole" };
  const judgeBefore = (request: PolicyRequest) =>
    judgesBefore ? judge(before, request, draft.nowMs, budget) : opensBefore;
  const judgeAfter = (request: PolicyRequest) =>
    judgesAfter ? judge(after, request, draft.nowMs, budget) : opensAfter;
  const label = (request: PolicyRequest) => labelOf(judgeBefore(request), judgeAfter(request));
  const unreadable = label({ ...opening, method: "CONNECT" });
  const cells: string[] = [];
  forEachCell(space, draft, (cell) => cells.push(label(requestOf(cell))));
  if (connection === NONE && unreadable === NONE && cells.every((cell) => cell === NONE)) return null;
  return { key: [connection, unreadable, ...cells].join("\u0001"), connection, unreadable, cells };
}

/** Visits in the order of the table: inner dimensions, then methods, then paths. */
function forEachCell(space: Space, start: Draft, visit: (draft: Draft) => void): void {
  const walk = (depth: number, draft: Draft): void => {
    const dimension = space.inner[depth];
    if (dimension !== undefined) {
      for (const atom of dimension.atoms) walk(depth + 1, atom.apply(draft));
      return;
    }
    for (const method of space.methods)
      for (const { witness } of space.paths) visit({ ...draft, base: { ...draft.base, method, path: witness } });
  };
  const count = sizesOf(space).reduce((product, size) => product * size, 1);
  if (count > CELLS_MAX) throw new BoundReached("Too many combinations in one place.");
  walk(0, start);
}

const sizesOf = (space: Space): number[] => [
  ...space.inner.map(({ atoms }) => atoms.length),
  space.methods.length,
  space.paths.length,
];

type BarePiece = Omit<Piece, "times" | "addresses">;

function piecesOfTable(table: Table, space: Space, draft: Draft): BarePiece[] {
  const opening = requestOf(draft);
  const nothing = { connection: false, requests: false, unreadable: false };
  const bare = (label: string, reach: Partial<Piece["reach"]>, example: PolicyRequest): BarePiece => ({
    ...readLabel(label),
    reach: { ...nothing, ...reach },
    inner: null,
    methods: [],
    paths: [],
    example,
    exampleAt: () => example,
    exampleAtMs: draft.nowMs,
  });
  if (table.cells === "whole")
    return [bare(table.connection, { connection: true, requests: true, unreadable: true }, opening)];
  const pieces: BarePiece[] = [];
  const cells = table.cells ?? [];
  for (const label of new Set(cells))
    if (label !== NONE)
      for (const box of boxesOf(sizesOf(space), (cell) => cells[cell] === label))
        pieces.push({
          ...bare(label, { requests: true }, exampleOf(space, draft, box.values)),
          ...splitBox(space, box.values),
          exampleAt: (path) => exampleOf(space, draft, [...box.values.slice(0, -1), [path]]),
        });
  attach(pieces, table.connection, "connection", () => true) ||
    (table.connection !== NONE && pieces.push(bare(table.connection, { connection: true }, opening)));
  const isWhole = ({ inner, methods, paths }: BarePiece) =>
    inner?.every((chosen, i) => chosen.length === space.inner[i]?.atoms.length) === true &&
    methods.length === space.methods.length &&
    paths.length === space.paths.length;
  attach(pieces, table.unreadable, "unreadable", isWhole) ||
    (table.unreadable !== NONE &&
      pieces.push(bare(table.unreadable, { unreadable: true }, { ...opening, method: "CONNECT" })));
  return pieces;
}

/** One claim less where a piece of the same effect can carry it. */
function attach(
  pieces: BarePiece[],
  label: string,
  what: "connection" | "unreadable",
  fits: (piece: BarePiece) => boolean,
): boolean {
  if (label === NONE) return true;
  const { effect } = readLabel(label);
  const carrier = pieces.find((piece) => piece.effect === effect && piece.reach.requests && fits(piece));
  if (carrier !== undefined) carrier.reach = { ...carrier.reach, [what]: true };
  return carrier !== undefined;
}

function readLabel(label: string): { effect: Effect; rule: string | null } {
  const [effect, rule] = label.split(SEPARATOR);
  return { effect: effect === "allow" ? "allow" : "deny", rule: rule === undefined || rule === "" ? null : rule };
}

const splitBox = (space: Space, values: readonly (readonly number[])[]) => ({
  inner: values.slice(0, space.inner.length),
  methods: values[space.inner.length] ?? [],
  paths: values[space.inner.length + 1] ?? [],
});

function exampleOf(space: Space, start: Draft, values: readonly (readonly number[])[]): PolicyRequest {
  const { inner, methods, paths } = splitBox(space, values);
  let draft = start;
  for (const [i, chosen] of inner.entries()) draft = (space.inner[i]?.atoms[chosen[0] ?? 0]?.apply ?? unchanged)(draft);
  const method = space.methods[methods[0] ?? 0];
  const path = space.paths[paths[0] ?? 0]?.witness;
  return requestOf({
    ...draft,
    base: { ...draft.base, ...(method === undefined ? {} : { method }), ...(path === undefined ? {} : { path }) },
  });
}
