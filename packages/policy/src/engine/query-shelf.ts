/**
 * Rules of one path that differ by their query. Threat: a thousand parameters against thousands of rules. Invariant: each rule that could
 * hold is found; a rule without conditions on the query always is.
 */
import { foldText } from "../glob/fold.ts";
import { GlobSet } from "../glob/set.ts";
import type { Matcher } from "../model.ts";
import type { EndpointClause } from "./endpoint.ts";
import type { JudgedTarget } from "./target.ts";

/** Up to here looking at all of them is cheaper. */
const LOOKED_AT_MAX = 4;

export class QueryShelf {
  private readonly items: EndpointClause[] = [];
  private readonly ignoreCase: boolean;
  private index: { always: EndpointClause[]; byName: Map<string, GlobSet<EndpointClause>> } | null = null;

  constructor(ignoreCase: boolean) {
    this.ignoreCase = ignoreCase;
  }

  add(item: EndpointClause): void {
    this.items.push(item);
  }

  /** In no particular order. */
  find(target: JudgedTarget): readonly EndpointClause[] {
    if (this.items.length <= LOOKED_AT_MAX) return this.items;
    this.index ??= this.buildIndex();
    const { always, byName } = this.index;
    if (byName.size === 0) return always;
    const found = [...always];
    for (const [name, values] of this.valuesByName(target, byName))
      for (const { items } of byName.get(name)?.find(values) ?? []) for (const item of items) found.push(item);
    return found;
  }

  private valuesByName(target: JudgedTarget, wanted: ReadonlyMap<string, unknown>): Map<string, string[]> {
    const values = new Map<string, string[]>();
    for (const [name, value] of this.ignoreCase ? target.denyQuery : target.query) {
      const key = this.keyOf(name);
      if (!wanted.has(key)) continue;
      const same = values.get(key);
      if (same === undefined) values.set(key, [value]);
      else same.push(value);
    }
    return values;
  }

  private buildIndex(): NonNullable<QueryShelf["index"]> {
    const variety = new Map<string, Set<string>>();
    for (const { clause } of this.items)
      for (const [name, matcher] of Object.entries(clause.source.query ?? {})) {
        const key = this.keyOf(name);
        const seen = variety.get(key) ?? new Set();
        variety.set(key, seen.add(globsOf(matcher).join("\0")));
      }
    const always: EndpointClause[] = [];
    const byName = new Map<string, GlobSet<EndpointClause>>();
    for (const item of this.items) {
      // Filed under the parameter by which the rules differ most.
      const [best] = Object.entries(item.clause.source.query ?? {}).sort(
        ([a], [b]) => (variety.get(this.keyOf(b))?.size ?? 0) - (variety.get(this.keyOf(a))?.size ?? 0),
      );
      if (best === undefined) {
        always.push(item);
        continue;
      }
      const [name, matcher] = best;
      const key = this.keyOf(name);
      const set = byName.get(key) ?? new GlobSet<EndpointClause>({ separator: "", ignoreCase: this.ignoreCase });
      for (const glob of new Set(globsOf(matcher))) set.add(glob, item);
      byName.set(key, set);
    }
    return { always, byName };
  }

  private keyOf(name: string): string {
    return this.ignoreCase ? foldText(name) : name;
  }
}

const globsOf = (matcher: Matcher): readonly string[] => (typeof matcher === "string" ? [matcher] : matcher.any);
