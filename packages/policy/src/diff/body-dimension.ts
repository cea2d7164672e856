/** What stands in the body: calls, tools and their arguments, GraphQL operations, WebSocket messages, models. */
import { canonicalJson } from "../canonical/json.ts";
import { BODY_BYTES_DEFAULT } from "../limits.ts";
import type { Clause, ParamMatcher } from "../model.ts";
import { KNOWN_MCP_METHODS } from "../protocols/rpc.ts";
import { ATOMS_MAX, BoundReached, type Budget } from "./bounds.ts";
import type { PlacedClause } from "./clauses.ts";
import { type Dimension, dimensionOf, trivial } from "./dimension.ts";
import type { Draft, Part, Payload } from "./draft.ts";
import { unchanged } from "./draft.ts";
import { combinations, distinctPredicates, globsOf } from "./http-dimensions.ts";
import { valueAtoms } from "./sets/texts.ts";
import type { Item } from "./sides.ts";
import type { BodyPredicate, Predicate } from "./types.ts";

/** Keeps the empty text apart from those that can be a name. */
const NOT_EMPTY = { pattern: "?*", loose: false, separator: "" as const };
const carry =
  (payload: Payload): Part =>
  (draft) => ({ ...draft, payload });
const json = (value: unknown): Part => carry({ kind: "json", value });
const VALUE = /^[^\0\r\n]$/;
const NAME_CHARACTER = /^[_A-Za-z0-9]$/;

export interface BodyDimension {
  dimension: Dimension;
  /** Bounds of the protocols where they differ, to be looked at as sizes. */
  sizes: number[];
}

export function bodyDimension(
  clauses: readonly PlacedClause[],
  items: readonly Item[],
  base: Draft,
  budget: Budget,
): BodyDimension {
  const speaks = (...protocols: string[]) =>
    items.filter(({ endpoint }) => protocols.includes(endpoint.protocol ?? ""));
  const rpc = speaks("mcp", "json-rpc");
  const graphql = speaks("graphql");
  const messages = speaks("websocket").filter(({ endpoint }) =>
    [...(endpoint.rules ?? []).map(({ allow }) => allow), ...(endpoint.deny_rules ?? [])].some(isOperation),
  );
  if (rpc.length + graphql.length + messages.length === 0) return { dimension: trivial, sizes: [] };
  const predicates: BodyPredicate[] = [];
  const parts: Part[] = [unchanged, carry({ kind: "text", value: "x" })];
  if (rpc.length > 0)
    addRpc(
      clauses.filter(({ item }) => rpc.includes(item)),
      rpc,
      { predicates, parts },
      base,
      budget,
    );
  const operations = [...graphql, ...messages];
  if (operations.length > 0) {
    const own = clauses.filter(({ item, clause }) => operations.includes(item) && isOperation(clause));
    addGraphql(own, operations, { predicates, parts }, base, budget);
  }
  if (messages.length > 0) {
    predicates.push({ kind: "message", type: "lifecycle" }, { kind: "message", type: "operation" });
    parts.push(json({ type: "ping" }), json({ type: "subscribe", payload: {} }));
  }
  const bounds = [...new Set([...rpc, ...operations].map(bytesMaxOf))];
  const bytesMax = Math.max(...bounds);
  const bounded = distinctPredicates(predicates).map((predicate): Predicate => ({ ...predicate, bytesMax }));
  const method = messages.length > 0 && rpc.length === 0 ? "WEBSOCKET_TEXT" : "POST";
  const dimension = dimensionOf([...bounded, { kind: operations.length > 0 ? "payload" : "body" }], parts, {
    ...base,
    base: { ...base.base, method },
  });
  if (dimension.atoms.length > ATOMS_MAX) throw new BoundReached("Too many classes of bodies.");
  return { dimension, sizes: bounds.length > 1 ? bounds : [] };
}

const isOperation = (clause: Clause): boolean => clause.operation_type !== undefined;
const bytesMaxOf = ({ endpoint }: Item): number =>
  endpoint.graphql_max_body_bytes ??
  endpoint.mcp?.max_body_bytes ??
  endpoint.json_rpc?.max_body_bytes ??
  BODY_BYTES_DEFAULT;

interface Sink {
  predicates: BodyPredicate[];
  parts: Part[];
}

const TOOL_CALL = "tools/call";
const call = (method: string, params?: unknown): Part =>
  json({ jsonrpc: "2.0", id: 1, method, ...(params === undefined ? {} : { params }) });

function addRpc(
  clauses: readonly PlacedClause[],
  items: readonly Item[],
  { predicates, parts }: Sink,
  base: Draft,
  budget: Budget,
): void {
  const allKnown = items.some(({ endpoint }) => endpoint.mcp?.allow_all_known_mcp_methods === true);
  predicates.push({ kind: "rpc_call" }, { kind: "rpc_answer" });
  predicates.push({ kind: "rpc_method", pattern: TOOL_CALL, loose: false });
  if (allKnown || clauses.some(({ clause }) => clause.method === undefined)) predicates.push({ kind: "rpc_known" });
  const methods = new Set<string>(["x", "tools/x", ...KNOWN_MCP_METHODS]);
  const tools: { values: string[]; loose: boolean }[] = [];
  const leaves = new Map<string, { path: string[]; predicates: Extract<BodyPredicate, { kind: "argument" }>[] }>();
  for (const { clause, deny } of clauses) {
    const tool = clause.tool ?? nameMatcher(clause.params?.name);
    const wanted = clause.method ?? (tool !== undefined || clause.params !== undefined ? TOOL_CALL : "*");
    if (wanted !== "*") {
      predicates.push({ kind: "rpc_method", pattern: deny ? wanted.toLowerCase() : wanted, loose: deny });
      for (const glob of [wanted, wanted.replaceAll("*", "x")].filter((text) => !text.includes("*"))) methods.add(glob);
    }
    if (tool !== undefined) tools.push({ values: globsOf(tool), loose: deny });
    if (clause.params?.arguments !== undefined)
      for (const { path, values } of leavesOf(clause.params.arguments)) {
        const key = path.join("\n").toLowerCase();
        const leaf = leaves.get(key) ?? { path, predicates: [] };
        leaf.predicates.push({ kind: "argument", path, values, loose: deny });
        leaves.set(key, leaf);
      }
  }
  const judgesTools = tools.length > 0 || items.some(({ endpoint }) => endpoint.protocol === "mcp");
  if (judgesTools) predicates.push({ kind: "tool_named" }, { kind: "tool_plain" });
  predicates.push(...tools.map(({ values, loose }): BodyPredicate => ({ kind: "tool", values, loose })));
  for (const leaf of leaves.values()) predicates.push(...leaf.predicates);
  if (clauses.some(({ deny }) => deny)) for (const method of [...methods]) methods.add(method.toUpperCase());
  parts.push(json({ jsonrpc: "2.0", id: 1, result: {} }));
  for (const method of methods) parts.push(call(method));
  const names = toolNames(tools, budget);
  const argumentsSets = argumentsOf([...leaves.values()], base, budget);
  budget.spend(names.length * argumentsSets.length);
  const callMethods = [TOOL_CALL, TOOL_CALL.toUpperCase()];
  for (const method of callMethods)
    for (const name of names)
      for (const own of argumentsSets)
        parts.push(
          call(method, { ...(name === null ? {} : { name }), ...(own === undefined ? {} : { arguments: own }) }),
        );
}

const nameMatcher = (matcher: ParamMatcher | undefined): Clause["tool"] =>
  typeof matcher === "string" ? matcher : Array.isArray(matcher?.any) ? { any: matcher.any } : undefined;

/** Names for every way in which the patterns hold, plain and not; null is a call without a name. */
function toolNames(tools: readonly { values: string[]; loose: boolean }[], budget: Budget): (string | null)[] {
  const patterns = tools.flatMap(({ values, loose }) =>
    values.map((pattern) => ({ pattern, loose, separator: "" as const })),
  );
  const plain = valueAtoms([...patterns, NOT_EMPTY], { valid: /^[A-Za-z0-9_.-]$/, climbing: false }, budget);
  const any = valueAtoms(patterns, { valid: VALUE, climbing: false }, budget);
  const odd = valueAtoms(
    [...patterns, { pattern: "* *", loose: false, separator: "" }],
    { valid: VALUE, climbing: false },
    budget,
  );
  return [null, ...new Set([...plain, ...any, ...odd].map(({ witness }) => witness))];
}

/** The plain values a nested matcher asks for, by the names that lead to them. */
function leavesOf(matcher: ParamMatcher, path: string[] = []): { path: string[]; values: string[] }[] {
  if (typeof matcher === "string") return [{ path, values: [matcher] }];
  if (Array.isArray(matcher.any)) return [{ path, values: matcher.any }];
  return Object.entries(matcher).flatMap(([key, child]) => leavesOf(child as ParamMatcher, [...path, key]));
}

interface Leaf {
  path: string[];
  predicates: Extract<BodyPredicate, { kind: "argument" }>[];
}

/** Arguments for every way in which the leaves hold together; undefined is a call without arguments. */
function argumentsOf(leaves: readonly Leaf[], base: Draft, budget: Budget): unknown[] {
  if (leaves.length === 0) return [undefined];
  let sets: Record<string, unknown>[] = [{}];
  for (const leaf of leaves) {
    const values = leafValues(leaf, base, budget);
    if (sets.length * values.length > ATOMS_MAX) throw new BoundReached("Too many combinations of arguments.");
    sets = sets.flatMap((set) => values.map((value) => (value === undefined ? set : withValue(set, leaf.path, value))));
  }
  return [undefined, ...sets];
}

function leafValues({ path, predicates }: Leaf, base: Draft, budget: Budget): unknown[] {
  const patterns = predicates.flatMap(({ values, loose }) =>
    values.map((pattern) => ({ pattern, loose, separator: loose ? ("" as const) : ("/" as const) })),
  );
  const texts = valueAtoms(patterns, { valid: VALUE, climbing: true }, budget).map(({ witness }) => witness);
  const candidates: unknown[] = [undefined, ...texts, {}, ...texts.map((text) => [text])];
  const asPart = (values: readonly unknown[]): Part =>
    call(TOOL_CALL, { name: "x", arguments: withValue({}, path, values.length === 1 ? values[0] : values) });
  const kept = dimensionOf(
    predicates,
    candidates.map((value) => (value === undefined ? unchanged : asPart([value]))),
    { ...base, base: { ...base.base, method: "POST" } },
  ).atoms.map(({ apply }) => apply);
  const lists = combinations(
    texts,
    {
      predicates,
      base: { ...base, base: { ...base.base, method: "POST" } },
      partOf: (values) =>
        values.length === 0 ? unchanged : call(TOOL_CALL, { name: "x", arguments: withValue({}, path, values) }),
    },
    budget,
  );
  const argumentOf = (part: Part): unknown => {
    const payload = part(base).payload;
    const value = payload?.kind === "json" ? payload.value : undefined;
    return at(value, ["params", "arguments", ...path]);
  };
  const seen = new Set<string>();
  return [...kept, ...lists].map(argumentOf).filter((value) => {
    const key = canonicalJson(value ?? null);
    return seen.has(key) ? false : seen.add(key) !== undefined;
  });
}

const at = (value: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null
        ? Object.entries(inner).find(([name]) => name === key)?.[1]
        : undefined,
    value,
  );

function withValue(
  set: Record<string, unknown>,
  [key = "", ...rest]: readonly string[],
  value: unknown,
): Record<string, unknown> {
  if (rest.length === 0) return { ...set, [key]: value };
  const inner = set[key];
  const record =
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner))
      : {};
  return { ...set, [key]: withValue(record, rest, value) };
}

function addGraphql(
  clauses: readonly PlacedClause[],
  items: readonly Item[],
  { predicates, parts }: Sink,
  base: Draft,
  budget: Budget,
): void {
  for (const type of ["*", "query", "mutation", "subscription"]) predicates.push({ kind: "operation", type });
  const names: { pattern: string; loose: boolean }[] = [];
  const fields: Extract<BodyPredicate, { kind: "operation_fields" }>[] = [];
  for (const { clause, deny } of clauses) {
    if (clause.operation_name !== undefined) names.push({ pattern: clause.operation_name, loose: deny });
    if (clause.fields !== undefined) fields.push({ kind: "operation_fields", values: clause.fields, loose: deny });
  }
  predicates.push(...names.map((name): BodyPredicate => ({ kind: "operation_name", ...name })), ...fields);
  const asValues = (list: readonly { pattern: string; loose: boolean }[]) =>
    list.map((use) => ({ ...use, separator: "" as const }));
  const nameTexts = valueAtoms([...asValues(names), NOT_EMPTY], { valid: NAME_CHARACTER, climbing: false }, budget);
  const fieldTexts = valueAtoms(
    [...asValues(fields.flatMap(({ values, loose }) => values.map((pattern) => ({ pattern, loose })))), NOT_EMPTY],
    { valid: NAME_CHARACTER, climbing: false },
    budget,
  );
  const isName = (text: string) => /^[_A-Za-z]/.test(text);
  const operation = (type: string, name: string | null, list: readonly string[]): Part =>
    carry({ kind: "graphql", value: { query: `${type} ${name === null ? "" : `${name} `}{ ${list.join(" ")} }` } });
  const selections = combinations(
    fieldTexts.map(({ witness }) => witness).filter(isName),
    {
      predicates: fields,
      base: { ...base, base: { ...base.base, method: "POST" } },
      partOf: (list) => operation("query", null, list.length === 0 ? ["x"] : list),
    },
    budget,
  ).map((part) => selectionOf(part(base).payload));
  const all = [null, ...nameTexts.map(({ witness }) => witness).filter(isName)];
  budget.spend(all.length * selections.length * 3);
  for (const type of ["query", "mutation", "subscription"])
    for (const name of all) for (const selection of selections) parts.push(operation(type, name, selection));
  const stored = items.flatMap(({ endpoint }) =>
    endpoint.persisted_queries === "allow_registered" ? Object.keys(endpoint.graphql_persisted_queries ?? {}) : [],
  );
  for (const id of new Set(stored)) {
    predicates.push({ kind: "persisted", id });
    parts.push(carry({ kind: "graphql", value: { id } }));
  }
}

const selectionOf = (payload: Payload | null): string[] =>
  payload?.kind === "graphql" && typeof payload.value.query === "string"
    ? (/\{ (.*) \}/.exec(payload.value.query)?.[1] ?? "x").split(" ")
    : ["x"];

/** Models of the `inference` section. */
export function modelDimension(patterns: readonly string[], base: Draft, budget: Budget): Dimension {
  if (patterns.length === 0) return trivial;
  const unique = [...new Set(patterns)];
  const values = valueAtoms(
    unique.map((pattern) => ({ pattern, loose: false, separator: "" as const })),
    { valid: VALUE, climbing: false },
    budget,
  );
  return dimensionOf(
    unique.map((pattern): Predicate => ({ kind: "model", pattern })),
    [unchanged, ...values.map(({ witness }) => json({ model: witness }))],
    { ...base, base: { ...base.base, method: "POST" } },
  );
}
