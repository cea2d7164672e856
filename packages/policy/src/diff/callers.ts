/** Who asks, in classes: all callers of one class are named by the same `binaries` items of both versions. */
import { type Caller, compileBinary } from "../engine/binary.ts";
import { compileGlob } from "../glob.ts";
import type { Binary } from "../model.ts";
import { BoundReached, type Budget, CELLS_MAX, COMBINATIONS_MAX } from "./bounds.ts";
import { textSetOf } from "./hosts.ts";
import { CoverTable, cover } from "./sets/cover.ts";
import { isExact, programRemainder } from "./sets/texts.ts";
import type { CallerSet, TextSet } from "./types.ts";

export interface CallerAtom {
  caller: Caller;
  /** Index of its program path class, and of what is known beside the path. */
  path: number;
  beside: number;
}

export interface CallerSpace {
  atoms: readonly CallerAtom[];
  describe(chosen: ReadonlySet<number>): CallerSet[];
}

/** What is known of a caller beside its program's path. */
interface Beside {
  sha256: string | undefined;
  script: string | undefined;
  ancestors: readonly string[];
  bits: readonly boolean[];
}

/** A digest that nobody pins; two of them in case a file pins the first. */
const UNPINNED = ["0".repeat(64), "1".repeat(64)];

/** `binaries`: of every endpoint of the place; `asking`: of those that changed, whose callers alone can be judged differently. */
export function callerSpace(binaries: readonly Binary[], asking: readonly Binary[], budget: Budget): CallerSpace {
  // Compiling and comparing every program is work as well, also where nothing comes of it.
  budget.spend(binaries.length + asking.length);
  const askers = asking.map(compileBinary);
  const everyone = asking.some((binary) => binary.inherit === true && compileBinary(binary).inherit);
  const paths = pathClasses(binaries, asking, everyone, budget);
  const besides = besideClasses(binaries, budget);
  if (paths.atoms.length * besides.list.length > CELLS_MAX) throw new BoundReached("Too many classes of callers.");
  const atoms: CallerAtom[] = [];
  for (const [path, { witness }] of paths.atoms.entries())
    for (const [beside, { sha256, script, ancestors }] of besides.list.entries()) {
      const caller: Caller = { binary: witness, sha256, script, ancestors, nameless: false };
      budget.spend(1 + askers.length / 8);
      if (askers.some((asker) => asker.matches(caller))) atoms.push({ caller, path, beside });
    }
  return { atoms, describe: (chosen) => describeCallers(atoms, chosen, paths, besides) };
}

interface PathClasses {
  atoms: readonly { witness: string; bits: readonly boolean[] }[];
  words: readonly string[];
  /** Null: the whole space of paths was searched. */
  leading: readonly number[] | null;
}

function pathClasses(
  binaries: readonly Binary[],
  asking: readonly Binary[],
  everyone: boolean,
  budget: Budget,
): PathClasses {
  const patterns = [...new Set(binaries.map(({ path }) => path))];
  const globs = patterns.filter((path) => !isExact(path));
  const names = patterns.filter(isExact);
  const asked = new Set(asking.map(({ path }) => path));
  const askingGlobs = globs.filter((glob) => asked.has(glob));
  const askingNames = new Set([...asked].filter(isExact));
  const matchers = globs.map((glob) => compileGlob(glob, { separator: "/" }));
  const askers = askingGlobs.map((glob) => compileGlob(glob, { separator: "/" }));
  budget.spend((names.length * askers.length) / 8);
  const looked = names.filter((name) => everyone || askingNames.has(name) || askers.some((matches) => matches(name)));
  // A table of all names by all names; thousands of them would not fit.
  budget.spend((looked.length * (globs.length + looked.length)) / 8);
  const rest = everyone || askingGlobs.length > 0 ? programRemainder(globs, looked, budget) : [];
  return {
    words: [...globs, ...looked],
    leading: everyone
      ? null
      : [...askingGlobs.map((glob) => globs.indexOf(glob)), ...looked.map((_, i) => globs.length + i)],
    atoms: [
      ...looked.map((name) => ({
        witness: name,
        bits: [...matchers.map((matches) => matches(name)), ...looked.map((other) => other === name)],
      })),
      ...rest.map(({ witness, bits }) => ({ witness, bits: [...bits, ...looked.map(() => false)] })),
    ],
  };
}

interface Besides {
  list: readonly Beside[];
  /** What each bit of `Beside` asks. */
  asks: readonly { kind: "sha256" | "script" | "ancestor"; pattern: string }[];
}

function besideClasses(binaries: readonly Binary[], budget: Budget): Besides {
  const compiled = binaries.map((binary) => ({ binary, inherits: compileBinary(binary).inherit }));
  const pins = unique(binaries.map(({ sha256 }) => sha256));
  const scripts = unique(binaries.map(({ script }) => script));
  const parents = unique(compiled.filter(({ inherits }) => inherits).map(({ binary }) => binary.path));
  const scriptGlobs = scripts.map((script) => compileGlob(script, { separator: "/" }));
  const parentGlobs = parents.map((parent) => compileGlob(parent, { separator: "/" }));
  const digests = [UNPINNED.find((digest) => !pins.includes(digest)), ...pins];
  const running = [undefined, ...(scripts.length === 0 ? [] : textsOf(scripts, budget))];
  const ancestries = ancestriesOf(parents, parentGlobs, budget);
  const list: Beside[] = [];
  const combined = Math.max(pins.length, 1) * running.length * ancestries.length;
  if (combined > CELLS_MAX) throw new BoundReached("Too many classes of digests, scripts and parents.");
  budget.spend((combined * (1 + pins.length + scripts.length + parents.length)) / 8);
  for (const sha256 of pins.length === 0 ? [undefined] : digests)
    for (const script of running)
      for (const ancestors of ancestries)
        list.push({
          sha256,
          script,
          ancestors,
          bits: [
            ...pins.map((pin) => pin === sha256),
            ...scriptGlobs.map((matches) => script !== undefined && matches(script)),
            ...parentGlobs.map((matches) => ancestors.some(matches)),
          ],
        });
  return {
    list: distinct(list),
    asks: [
      ...pins.map((pattern) => ({ kind: "sha256" as const, pattern })),
      ...scripts.map((pattern) => ({ kind: "script" as const, pattern })),
      ...parents.map((pattern) => ({ kind: "ancestor" as const, pattern })),
    ],
  };
}

const unique = (texts: readonly (string | undefined)[]): string[] => [
  ...new Set(texts.filter((text): text is string => text !== undefined)),
];

function distinct(list: readonly Beside[]): Beside[] {
  const seen = new Set<string>();
  return list.filter(({ bits }) => {
    const key = bits.map(Number).join("");
    return seen.has(key) ? false : seen.add(key) !== undefined;
  });
}

/** One path for every way in which the patterns can match. */
const textsOf = (patterns: readonly string[], budget: Budget): string[] => [
  ...patterns.filter(isExact),
  ...programRemainder(
    patterns.filter((pattern) => !isExact(pattern)),
    patterns.filter(isExact),
    budget,
  ).map(({ witness }) => witness),
];

/** Parents count if any of them matches, so several together can do what no single one does. */
function ancestriesOf(
  parents: readonly string[],
  globs: readonly ((text: string) => boolean)[],
  budget: Budget,
): string[][] {
  if (parents.length === 0) return [[]];
  const singles = textsOf(parents, budget);
  const found = new Map<string, string[]>([[globs.map(() => 0).join(""), []]]);
  const queue: string[][] = [[]];
  for (let at = 0; at < queue.length; at++)
    for (const single of singles) {
      budget.spend(1 + globs.length / 8);
      const next = [...(queue[at] ?? []), single];
      const key = globs.map((matches) => (next.some(matches) ? 1 : 0)).join("");
      if (found.has(key)) continue;
      if (found.size >= COMBINATIONS_MAX) throw new BoundReached("Too many combinations of parents.");
      found.set(key, next);
      queue.push(next);
    }
  return [...found.values()];
}

function describeCallers(
  atoms: readonly CallerAtom[],
  chosen: ReadonlySet<number>,
  paths: PathClasses,
  besides: Besides,
): CallerSet[] {
  // Paths with the same further conditions are named together.
  const conditionsOf = new Map<number, Set<number>>();
  for (const index of chosen) {
    const atom = atoms[index];
    if (atom === undefined) continue;
    const own = conditionsOf.get(atom.path) ?? new Set();
    conditionsOf.set(atom.path, own.add(atom.beside));
  }
  const groups = new Map<string, { paths: Set<number>; besides: Set<number> }>();
  for (const [path, own] of conditionsOf) {
    const key = [...own].sort((a, b) => a - b).join();
    const group = groups.get(key) ?? { paths: new Set(), besides: own };
    group.paths.add(path);
    groups.set(key, group);
  }
  const sets: CallerSet[] = [];
  const besideTable = new CoverTable(besides.list.map(({ bits }) => bits));
  const pathTable = new CoverTable(paths.atoms.map(({ bits }) => bits));
  for (const group of groups.values()) {
    const conditions = cover({ table: besideTable, chosen: group.besides, leading: null }) ?? [];
    const programs = cover({ table: pathTable, chosen: group.paths, leading: paths.leading }) ?? [];
    for (const { all, none } of programs)
      for (const condition of conditions)
        sets.push(callerSetOf(textSetOf(words(paths, all), words(paths, none), "/**"), condition, besides));
  }
  return sets;
}

const words = (paths: PathClasses, literals: readonly number[]): string[] => literals.map((i) => paths.words[i] ?? "");

function callerSetOf(
  path: TextSet,
  condition: { all: readonly number[]; none: readonly number[] },
  { asks }: Besides,
): CallerSet {
  const pick = (literals: readonly number[], kind: "sha256" | "script" | "ancestor"): string[] =>
    literals.flatMap((i) => (asks[i]?.kind === kind ? [asks[i].pattern] : []));
  const asSet = (patterns: readonly string[]): TextSet | null =>
    patterns.length === 0 ? null : textSetOf(patterns, [], "/**");
  const unless = {
    sha256: pick(condition.none, "sha256"),
    script: pick(condition.none, "script"),
    ancestor: pick(condition.none, "ancestor"),
  };
  return {
    ...path,
    sha256: pick(condition.all, "sha256")[0] ?? null,
    script: asSet(pick(condition.all, "script")),
    ancestor: asSet(pick(condition.all, "ancestor")),
    ...(condition.none.length === 0 ? {} : { unless }),
  };
}
