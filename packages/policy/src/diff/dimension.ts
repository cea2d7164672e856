/** One thing in which requests of a place can differ, in the classes that some predicate tells apart. */
import { type Draft, type Part, requestOf, unchanged } from "./draft.ts";
import { compilePredicate, readRequest } from "./predicates.ts";
import { CoverTable, cover } from "./sets/cover.ts";
import type { Conjunction, Predicate } from "./types.ts";

export interface Dimension {
  predicates: readonly Predicate[];
  atoms: readonly { bits: readonly boolean[]; apply: Part }[];
}

/** A dimension in which all requests are alike. */
export const trivial: Dimension = { predicates: [], atoms: [{ bits: [], apply: unchanged }] };

/** Applies each part to a request and keeps one for each way in which the predicates hold. */
export function dimensionOf(predicates: readonly Predicate[], parts: Iterable<Part>, base: Draft): Dimension {
  if (predicates.length === 0) return trivial;
  const compiled = predicates.map(compilePredicate);
  const atoms = new Map<string, { bits: boolean[]; apply: Part }>();
  for (const apply of parts) {
    const draft = apply(base);
    const read = readRequest(requestOf(draft), draft.nowMs);
    const bits = compiled.map((holds) => holds(read));
    const key = bits.map(Number).join("");
    if (!atoms.has(key)) atoms.set(key, { bits, apply });
  }
  return { predicates, atoms: [...atoms.values()] };
}

/** Chosen values in words: one of the conjunctions holds. Null: all values, so nothing is asked. */
export function conditionOf(dimension: Dimension, chosen: readonly number[]): Conjunction[] | null {
  if (chosen.length === dimension.atoms.length) return null;
  const literals = cover({
    table: new CoverTable(dimension.atoms.map(({ bits }) => bits)),
    chosen: new Set(chosen),
    leading: null,
  });
  const at = (places: readonly number[]): Predicate[] => places.flatMap((i) => dimension.predicates[i] ?? []);
  return (literals ?? []).map(({ all, none }) => ({ all: at(all), none: at(none) }));
}
