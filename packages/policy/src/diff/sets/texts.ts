/** Atoms of the four kinds of texts: hosts, program paths, request paths and plain values. */
import { canonicalPattern } from "../../engine/clause.ts";
import { judgeTarget } from "../../engine/target.ts";
import { compileGlob, hasWildcard } from "../../glob.ts";
import { BoundReached, type Budget } from "../bounds.ts";
import { type PatternUse, pathAlphabet, textAlphabet } from "./alphabet.ts";
import { type Atom, atomsOf } from "./atoms.ts";
import { anyText, canonicalPaths, climbingTexts, holdsEncodedSlash, hostNames, programPaths } from "./languages.ts";
import { language, loosePathMachine, type Machine, plainMachine } from "./machines.ts";

export interface PathPattern {
  pattern: string;
  loose: boolean;
}

/** Whether two patterns are one: the atoms need each only once. */
export const patternKey = ({ pattern, loose }: PathPattern): string =>
  `${loose ? "~" : "="}${canonicalPattern(pattern)}`;

/** The last bit of each atom says whether the path keeps an encoded slash. */
export function pathAtoms(
  patterns: readonly PathPattern[],
  options: { encodedSlash: boolean; within?: readonly number[] | undefined },
  budget: Budget,
): Atom[] {
  const uses = patterns.map(
    ({ pattern, loose }): PatternUse => ({
      pattern: canonicalPattern(pattern),
      separator: "/",
      loose,
    }),
  );
  const machines = uses.map(({ pattern, loose }) =>
    loose ? loosePathMachine(pattern, budget) : plainMachine(pattern, { separator: "/" }, budget),
  );
  const atoms = atomsOf(
    {
      predicates: [...machines, holdsEncodedSlash()],
      language: canonicalPaths(),
      alphabet: pathAlphabet(uses, options.encodedSlash),
      within: options.within,
    },
    budget,
  );
  const globs = uses.map(({ pattern, loose }) => compileGlob(pattern, { separator: "/", ignoreCase: loose }));
  for (const { bits, witness } of atoms) {
    budget.spend(globs.length);
    const target = judgeTarget(witness);
    const agrees = (i: number): boolean => {
      const glob = globs[i];
      if (target === null || glob === undefined) return false;
      return bits[i] === (uses[i]?.loose === true ? target.denyPaths.some(glob) : glob(target.path));
    };
    if (!globs.every((_, i) => agrees(i))) throw new BoundReached(DISAGREEMENT);
  }
  return atoms;
}

/** Then the place is claimed whole, so a fault of a machine costs precision and nothing else. */
const DISAGREEMENT = "A machine and the matcher read a text differently.";

/** A machine for a fixed set of texts, one state for each common beginning. */
function namesMachine(names: readonly string[]): Machine {
  const children: Map<string, number>[] = [new Map(), new Map()];
  const ends = new Set<number>();
  for (const name of names) {
    let state = 1;
    for (const character of name) {
      const known = children[state]?.get(character);
      if (known === undefined) children[state]?.set(character, children.length);
      state = known ?? children.push(new Map()) - 1;
    }
    ends.add(state);
  }
  return language({
    step: (state, { raw }) => children[state]?.get(raw) ?? null,
    accepts: (state) => ends.has(state),
    marked: (state) => [...(children[state]?.keys() ?? [])].join(""),
  });
}

/** Texts that none of `names` equals, by the globs that match them. The bits are those of the globs. */
function remainder(
  globs: readonly string[],
  names: readonly string[],
  separator: "/" | ".",
  within: readonly number[] | undefined,
  budget: Budget,
): Atom[] {
  const uses = [...globs, ...names].map((pattern): PatternUse => ({ pattern, separator, loose: false }));
  // Names are no patterns: a bracket in one stands for itself, and then its characters only refine the alphabet.
  const machines = globs.map((glob) => plainMachine(glob, { separator }, budget));
  const isHost = separator === ".";
  const atoms = atomsOf(
    {
      predicates: [...machines, namesMachine(names)],
      language: isHost ? hostNames() : programPaths(),
      alphabet: textAlphabet(uses, isHost ? /^[a-z0-9_.-]$/ : /^[^\0]$/, isHost ? ".-" : "/."),
      within,
    },
    budget,
  );
  const matchers = globs.map((glob) => compileGlob(glob, { separator }));
  for (const { bits, witness } of atoms) {
    budget.spend(matchers.length);
    if (matchers.some((matches, i) => matches(witness) !== bits[i])) throw new BoundReached(DISAGREEMENT);
  }
  return atoms
    .filter(({ bits }) => bits[globs.length] !== true)
    .map(({ bits, witness }) => ({ bits: bits.slice(0, globs.length), witness }));
}

export const hostRemainder = (
  globs: readonly string[],
  names: readonly string[],
  within: readonly number[] | undefined,
  budget: Budget,
): Atom[] => remainder(globs, names, ".", within, budget);

export const programRemainder = (globs: readonly string[], names: readonly string[], budget: Budget): Atom[] =>
  remainder(globs, names, "/", undefined, budget);

/** Plain values; `climbing` adds a last bit for texts with a `..` segment. */
export function valueAtoms(
  patterns: readonly { pattern: string; loose: boolean; separator: "" | "/" }[],
  options: { valid: RegExp; climbing: boolean },
  budget: Budget,
): Atom[] {
  const machines = patterns.map(({ pattern, loose, separator }) =>
    plainMachine(pattern, { separator, ignoreCase: loose }, budget),
  );
  return atomsOf(
    {
      predicates: options.climbing ? [...machines, climbingTexts()] : machines,
      language: anyText(),
      alphabet: textAlphabet(patterns, options.valid, options.climbing ? "/.\\ " : " "),
    },
    budget,
  );
}

export const isExact = (pattern: string): boolean => !hasWildcard(pattern);
