/** Allow and deny clauses of HTTP requests, indexed by the first path segment. */
import { compileGlob, type GlobMatcher, hasWildcard } from "../glob.ts";
import type { Clause } from "../model.ts";
import { type CompiledRequestMatcher, compileMatcher, compileRequestMatcher } from "./headers.ts";

export interface CompiledClause {
  source: Clause;
  /** Position in the endpoint's list, for the reason. */
  index: number;
  /** Upper case, `*` for any, null when the clause is not of HTTP. */
  method: string | null;
  path: GlobMatcher | null;
  query: readonly (readonly [string, GlobMatcher])[];
  request: CompiledRequestMatcher | null;
  operationName: GlobMatcher | null;
  fields: readonly GlobMatcher[] | null;
  tool: GlobMatcher | null;
}

export interface ClauseIndex {
  all: readonly CompiledClause[];
  /** Clauses whose path begins with this plain segment. */
  bySegment: ReadonlyMap<string, readonly CompiledClause[]>;
  generic: readonly CompiledClause[];
}

export function compileClauses(clauses: readonly Clause[], options: { deny: boolean }): ClauseIndex {
  const all = clauses.map((clause, index) => compileClause(clause, index, options.deny));
  const bySegment = new Map<string, CompiledClause[]>();
  const generic: CompiledClause[] = [];
  for (const clause of all) {
    const segment = firstPlainSegment(clause.source.path);
    if (segment === null) generic.push(clause);
    else {
      const key = segment.toLowerCase();
      const list = bySegment.get(key);
      if (list === undefined) bySegment.set(key, [clause]);
      else list.push(clause);
    }
  }
  return { all, bySegment, generic };
}

/** The clauses that could match one of these paths, in the order of the file. */
export function clausesFor(index: ClauseIndex, paths: readonly string[]): readonly CompiledClause[] {
  if (index.bySegment.size === 0) return index.generic;
  const keys = new Set<string>();
  for (const path of paths) {
    const end = path.indexOf("/", 1);
    keys.add((end === -1 ? path.slice(1) : path.slice(1, end)).toLowerCase());
  }
  const found: CompiledClause[] = [];
  for (const key of keys) found.push(...(index.bySegment.get(key) ?? []));
  if (found.length === 0) return index.generic;
  // Each clause stands under one segment only, so nothing is there twice.
  return [...found, ...index.generic].sort((a, b) => a.index - b.index);
}

function compileClause(clause: Clause, index: number, deny: boolean): CompiledClause {
  // A deny also holds for another case of the same letters: many servers do not tell them apart, and a deny must not be slipped past.
  const ignoreCase = deny;
  const glob = (pattern: string) => compileGlob(pattern, { separator: "", ignoreCase });
  const tool = clause.tool ?? matcherOnly(clause.params?.name);
  return {
    source: clause,
    index,
    method: clause.method === undefined ? null : clause.method,
    path: clause.path === undefined ? null : compileGlob(canonicalPattern(clause.path), { separator: "/", ignoreCase }),
    query: Object.entries(clause.query ?? {}).map(
      ([key, matcher]) => [key, compileMatcher(matcher, ignoreCase)] as const,
    ),
    request: clause.request === undefined ? null : compileRequestMatcher(clause.request),
    operationName: clause.operation_name === undefined ? null : glob(clause.operation_name),
    fields: clause.fields?.map(glob) ?? null,
    tool: tool === undefined ? null : compileMatcher(tool, ignoreCase),
  };
}

const matcherOnly = (matcher: unknown): Clause["tool"] =>
  typeof matcher === "string" ? matcher : isAny(matcher) ? matcher : undefined;
const isAny = (matcher: unknown): matcher is { any: string[] } =>
  typeof matcher === "object" && matcher !== null && "any" in matcher && Array.isArray(matcher.any);

/** Escapes in a pattern take the form they have in a canonical path. */
export function canonicalPattern(pattern: string): string {
  return pattern.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : `%${hex.toUpperCase()}`;
  });
}

function firstPlainSegment(path: string | undefined): string | null {
  if (path === undefined || !path.startsWith("/")) return null;
  const end = path.indexOf("/", 1);
  const segment = canonicalPattern(end === -1 ? path.slice(1) : path.slice(1, end));
  return segment === "" || hasWildcard(segment) ? null : segment;
}
