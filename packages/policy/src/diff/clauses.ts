/** Which clauses of a place can matter, and for which methods and paths at most the two versions can differ. */
import { canonicalJson } from "../canonical/json.ts";
import type { Clause } from "../model.ts";
import { WEBSOCKET_BINARY as BINARY, methodsOfAccess, WEBSOCKET_TEXT as TEXT } from "../protocols/http.ts";
import type { PathPattern } from "./sets/texts.ts";
import { frameOf, type Item } from "./sides.ts";

export interface PlacedClause {
  clause: Clause;
  deny: boolean;
  item: Item;
}

export const clausesOf = (items: readonly Item[]): PlacedClause[] =>
  items.flatMap((item) => [
    ...(item.endpoint.rules ?? []).map(({ allow }) => ({ clause: allow, deny: false, item })),
    ...(item.endpoint.deny_rules ?? []).map((clause) => ({ clause, deny: true, item })),
  ]);

/** Null: no bound is known, everything has to be looked at. */
export interface Scope {
  paths: PathPattern[];
  /** Null: any method. */
  methods: string[] | null;
}

/** Where all that differs are clauses of HTTP, only what these clauses speak of can be judged differently. */
export function scopeOf(before: readonly Item[], after: readonly Item[]): Scope | null {
  const [goneItems, newItems] = difference(before, after, (item) => item.identity);
  const [goneFrames, newFrames] = difference(goneItems, newItems, frameOf);
  if (goneFrames.length > 0 || newFrames.length > 0) return null;
  // An item may have thousands of clauses: its frame is made once.
  const frames = new Map<Item, string>();
  const frameAt = (item: Item): string => {
    const frame = frames.get(item) ?? frameOf(item);
    frames.set(item, frame);
    return frame;
  };
  const key = ({ clause, deny, item }: PlacedClause) => `${deny}${canonicalJson(clause)}${frameAt(item)}`;
  const changed = difference(clausesOf(goneItems), clausesOf(newItems), key).flat();
  const paths: PathPattern[] = [];
  const methods = new Set<string>();
  for (const { clause, deny } of changed) {
    if (clause.path === undefined || clause.method === undefined || clause.operation_type !== undefined) return null;
    paths.push({ pattern: clause.path, loose: deny });
    methods.add(clause.method);
  }
  return { paths, methods: methods.has("*") ? null : withCompanions(methods) };
}

/** What one list has more of than the other, counted. */
function difference<T>(before: readonly T[], after: readonly T[], keyOf: (value: T) => string): [T[], T[]] {
  const without = (list: readonly T[], other: readonly T[]): T[] => {
    const counts = new Map<string, number>();
    for (const value of other) counts.set(keyOf(value), (counts.get(keyOf(value)) ?? 0) + 1);
    return list.filter((value) => {
      const left = counts.get(keyOf(value)) ?? 0;
      counts.set(keyOf(value), left - 1);
      return left <= 0;
    });
  };
  return [without(before, after), without(after, before)];
}

/** Methods that are judged by what is said of another: HEAD by GET, and a binary message by the denials of a text one. */
const withCompanions = (methods: ReadonlySet<string>): string[] => [
  ...methods,
  ...(methods.has("GET") ? ["HEAD"] : []),
  ...(methods.has(TEXT) && !methods.has(BINARY) ? [BINARY] : []),
];

/** Every method that some endpoint of the place treats differently from a method that nobody names. */
export function methodsOf(items: readonly Item[]): string[] {
  const methods = new Set<string>();
  for (const { endpoint } of items) {
    const { protocol, access } = endpoint;
    if (access !== undefined) for (const method of methodsOfAccess[access] ?? []) methods.add(method);
    if (protocol === "mcp") for (const method of ["POST", "GET", "DELETE"]) methods.add(method);
    if (protocol === "json-rpc") methods.add("POST");
    if (protocol === "graphql") for (const method of ["POST", "GET", "HEAD"]) methods.add(method);
    if (protocol === "websocket") for (const method of ["GET", TEXT, BINARY]) methods.add(method);
    if (protocol !== "rest" && protocol !== "websocket") continue;
    for (const clause of [...(endpoint.rules ?? []).map(({ allow }) => allow), ...(endpoint.deny_rules ?? [])])
      if (clause.method !== undefined && clause.method !== "*") methods.add(clause.method);
  }
  return withCompanions(methods).filter((method, i, all) => all.indexOf(method) === i && method !== "CONNECT");
}

/** A method that nobody named; the first that is free, so that the example reads well. */
export const otherMethod = (named: readonly string[]): string =>
  ["DELETE", "PROPFIND", "OPTIONS", "PURGE", "LOCK"].find((method) => !named.includes(method)) ??
  `X${named.map((method) => method.charAt(0)).join("")}`.slice(0, 32);
