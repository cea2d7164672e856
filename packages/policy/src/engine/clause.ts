/** One allow or deny clause, its patterns compiled when they are first asked. */
import { anyOf } from "../glob/set.ts";
import type { GlobMatcher } from "../glob/types.ts";
import { compileGlob } from "../glob.ts";
import type { Clause } from "../model.ts";
import { compileAllowing, compileDenying, type ParamJudge } from "../protocols/params.ts";
import { type CompiledRequestMatcher, compileMatcher, compileRequestMatcher } from "./headers.ts";

export interface CompiledClause {
  source: Clause;
  /** Position in the endpoint's list, for the reason. */
  index: number;
  /** Upper case, `*` for any, null when the clause is not of HTTP. */
  method: string | null;
  /** The path in canonical form, as the indexes know it. */
  pathPattern: string | null;
  path: GlobMatcher | null;
  query: readonly (readonly [string, GlobMatcher])[];
  request: CompiledRequestMatcher | null;
  operationName: GlobMatcher | null;
  /** Whether a field is one of those named. */
  fields: GlobMatcher | null;
  tool: GlobMatcher | null;
  /** A call's arguments. */
  arguments: ParamJudge | null;
}

export interface ClauseList {
  all: readonly CompiledClause[];
}

export const compileClauses = (clauses: readonly Clause[], options: { deny: boolean }): ClauseList => ({
  all: clauses.map((clause, index) => new LazyClause(clause, index, options.deny)),
});

/** Of thousands of clauses a request meets a few, so each is compiled when it is met. */
class LazyClause implements CompiledClause {
  readonly source: Clause;
  readonly index: number;
  /** A deny also holds for another case of the same letters: many servers do not tell them apart, and a deny must not be slipped past. */
  private readonly ignoreCase: boolean;
  private pathMatcher: GlobMatcher | null | undefined;
  private queryMatchers: CompiledClause["query"] | undefined;
  private requestMatcher: CompiledRequestMatcher | null | undefined;
  private operationMatcher: GlobMatcher | null | undefined;
  private fieldMatcher: GlobMatcher | null | undefined;
  private toolMatcher: GlobMatcher | null | undefined;
  private argumentsJudge: ParamJudge | null | undefined;

  constructor(source: Clause, index: number, deny: boolean) {
    this.source = source;
    this.index = index;
    this.ignoreCase = deny;
  }

  get method(): string | null {
    return this.source.method ?? null;
  }
  get pathPattern(): string | null {
    return this.source.path === undefined ? null : canonicalPattern(this.source.path);
  }
  get path(): GlobMatcher | null {
    if (this.pathMatcher === undefined) {
      const pattern = this.pathPattern;
      this.pathMatcher =
        pattern === null ? null : compileGlob(pattern, { separator: "/", ignoreCase: this.ignoreCase });
    }
    return this.pathMatcher;
  }
  get query(): CompiledClause["query"] {
    if (this.source.query === undefined) return NO_QUERY;
    this.queryMatchers ??= Object.entries(this.source.query).map(
      ([key, matcher]) => [key, compileMatcher(matcher, this.ignoreCase)] as const,
    );
    return this.queryMatchers;
  }
  get request(): CompiledRequestMatcher | null {
    if (this.requestMatcher === undefined)
      this.requestMatcher = this.source.request === undefined ? null : compileRequestMatcher(this.source.request);
    return this.requestMatcher;
  }
  get operationName(): GlobMatcher | null {
    const { operation_name: name } = this.source;
    if (this.operationMatcher === undefined)
      this.operationMatcher =
        name === undefined ? null : compileGlob(name, { separator: "", ignoreCase: this.ignoreCase });
    return this.operationMatcher;
  }
  get fields(): GlobMatcher | null {
    if (this.fieldMatcher === undefined) {
      const { fields } = this.source;
      this.fieldMatcher = fields === undefined ? null : anyOf(fields, { separator: "", ignoreCase: this.ignoreCase });
    }
    return this.fieldMatcher;
  }
  get tool(): GlobMatcher | null {
    if (this.toolMatcher === undefined) {
      const tool = toolOf(this.source);
      this.toolMatcher = tool === undefined ? null : compileMatcher(tool, this.ignoreCase);
    }
    return this.toolMatcher;
  }
  get arguments(): ParamJudge | null {
    if (this.argumentsJudge === undefined) {
      const matcher = this.source.params?.arguments;
      const compile = this.ignoreCase ? compileDenying : compileAllowing;
      this.argumentsJudge = matcher === undefined ? null : compile(matcher);
    }
    return this.argumentsJudge;
  }
}

const NO_QUERY: CompiledClause["query"] = [];

/** `tool` and `params.name` say the same thing. */
export const toolOf = (clause: Clause): Clause["tool"] => clause.tool ?? matcherOnly(clause.params?.name);

const matcherOnly = (matcher: unknown): Clause["tool"] =>
  typeof matcher === "string" ? matcher : isAny(matcher) ? matcher : undefined;
const isAny = (matcher: unknown): matcher is { any: string[] } =>
  typeof matcher === "object" && matcher !== null && "any" in matcher && Array.isArray(matcher.any);

/** Escapes in a pattern take the form they have in a canonical path. */
export function canonicalPattern(pattern: string): string {
  if (!pattern.includes("%")) return pattern;
  return pattern.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : `%${hex.toUpperCase()}`;
  });
}
