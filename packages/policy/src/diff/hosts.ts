/** Where a difference could be: for each port the classes of hosts that a changed endpoint or middleware speaks of. */
import { INFERENCE_HOST } from "../engine/inference.ts";
import type { Middleware } from "../model.ts";
import { BoundReached, Budget, PLACE_WORK_MAX, WORK_PER_SPACE } from "./bounds.ts";
import { CoverTable, cover } from "./sets/cover.ts";
import { hostRemainder } from "./sets/texts.ts";
import { hostMatcher, type Item, type Side } from "./sides.ts";
import type { TextSet } from "./types.ts";

/** One class of hosts: a name, or all names that the same globs match and nobody names. */
export interface HostAtom {
  witness: string;
  /** Null: no single name. */
  name: string | null;
}

/** The classes of one port whose patterns touch one another. */
export interface HostSpace {
  port: number;
  atoms: readonly HostAtom[];
  /** Whether a host lies in the class of this index. */
  holds(index: number, host: string): boolean;
  /** Chosen atoms in the words of the two files. */
  describe(chosen: ReadonlySet<number>): TextSet[];
}

const isGlob = (host: string): boolean => host.includes("*");
const plainEnd = (glob: string): string => glob.slice(glob.lastIndexOf("*") + 1);
/** Could one name match both? Answers yes too often, never too rarely. */
const endsTouch = (a: string, b: string): boolean => a.endsWith(b) || b.endsWith(a);

/** Middlewares that this gateway lacks and that fail closed, so that what they cover is denied. */
export function missingMiddlewares(side: Side, available: readonly string[]): Middleware[] {
  return Object.values(side.policy.network_middlewares).filter(
    (one) => one.on_error === "fail_closed" && !available.includes(one.middleware),
  );
}

export interface HostQuery {
  before: Side;
  after: Side;
  changed: readonly Item[];
  /** Hosts and globs of fail-closed middlewares of both versions. */
  middlewareHosts: readonly string[];
}

export type Unsearched = { port: number; hosts: readonly string[] };

/** What could not be searched within bounds comes back as patterns, to be claimed whole. */
export function hostSpaces(query: HostQuery, budget: Budget): { spaces: HostSpace[]; unsearched: Unsearched[] } {
  const spaces: HostSpace[] = [];
  const unsearched: Unsearched[] = [];
  const changedByPort = hostsByPort(query.changed);
  const allByPort = hostsByPort([...query.before.items, ...query.after.items]);
  for (const [port, changed] of [...changedByPort].sort(([a], [b]) => a - b)) {
    if (budget.spent) {
      unsearched.push({ port, hosts: [...changed] });
      continue;
    }
    const all = [...(allByPort.get(port) ?? [])];
    const globs = [...new Set([...all, ...query.middlewareHosts].filter(isGlob))];
    const names = [...new Set([...all, ...query.middlewareHosts].filter((host) => host !== "" && !isGlob(host)))];
    const hostless = changed.has("");
    const ends = globs.map(plainEnd);
    const clusters = hostless ? [[...changed]] : clustersOf([...changed].filter(isGlob));
    const clustered = new Set<string>();
    // Sorting the patterns is work as well; where it reaches the bound, the next step does not begin.
    budget.charge(WORK_PER_SPACE + (changed.size + names.length + globs.length) / 8);
    for (const cluster of clusters) {
      budget.charge(WORK_PER_SPACE + (globs.length + names.length) / 4);
      if (budget.spent) {
        unsearched.push({ port, hosts: cluster });
        continue;
      }
      const own = [...new Set(cluster.map(plainEnd))];
      const near = hostless ? globs : globs.filter((_, i) => own.some((end) => endsTouch(end, ends[i] ?? "")));
      const inside = hostless
        ? [...new Set([...names, INFERENCE_HOST])]
        : names.filter((name) => own.some((end) => name.endsWith(end)));
      try {
        const space = spaceOf({ port, globs: near, names: inside, leading: hostless ? null : cluster }, budget);
        spaces.push(space);
        for (const { name } of space.atoms) if (name !== null) clustered.add(name);
      } catch (error) {
        if (!(error instanceof BoundReached)) throw error;
        unsearched.push({ port, hosts: cluster });
      }
    }
    for (const name of changed)
      if (name !== "" && !isGlob(name) && !clustered.has(name) && name !== INFERENCE_HOST)
        spaces.push({
          port,
          atoms: [{ witness: name, name }],
          holds: (_, host) => host === name,
          describe: () => [{ match: name, except: [] }],
        });
  }
  return { spaces, unsearched };
}

function hostsByPort(endpoints: readonly Item[]): Map<number, Set<string>> {
  const found = new Map<number, Set<string>>();
  for (const { endpoint } of endpoints)
    for (const port of endpoint.ports) {
      const hosts = found.get(port);
      if (hosts === undefined) found.set(port, new Set([endpoint.host]));
      else hosts.add(endpoint.host);
    }
  return found;
}

/** Globs that may match a common name stand together: those whose plain ends lead to one shortest end. */
function clustersOf(globs: readonly string[]): string[][] {
  const ends = new Set(globs.map(plainEnd));
  const clusters = new Map<string, string[]>();
  for (const glob of globs) {
    const end = plainEnd(glob);
    let root = end;
    for (let at = end.length; at >= 0; at--)
      if (ends.has(end.slice(at))) {
        root = end.slice(at);
        break;
      }
    const cluster = clusters.get(root);
    if (cluster === undefined) clusters.set(root, [glob]);
    else cluster.push(glob);
  }
  return [...clusters.values()];
}

interface SpaceQuery {
  port: number;
  globs: readonly string[];
  names: readonly string[];
  /** Globs that changed; null: every host is looked at. */
  leading: readonly string[] | null;
}

function spaceOf({ port, globs, names, leading }: SpaceQuery, budget: Budget): HostSpace {
  budget.spend((names.length * (globs.length + 1)) / 8);
  const matchers = globs.map(hostMatcher);
  const leads = leading === null ? null : leading.map((glob) => globs.indexOf(glob));
  const bitsOfName = new Map(names.map((name) => [name, matchers.map((matches) => matches(name))]));
  const inside = names.filter((name) => leads === null || leads.some((i) => bitsOfName.get(name)?.[i] === true));
  // A table of all names by all names; thousands of them would not fit.
  budget.spend((inside.length * (globs.length + inside.length)) / 2);
  const rest = hostRemainder(globs, inside, leads ?? undefined, new Budget(PLACE_WORK_MAX, budget));
  const atoms: HostAtom[] = [
    ...inside.map((name) => ({ witness: name, name })),
    ...rest.map(({ witness }) => ({ witness, name: null })),
  ];
  const bits = [
    ...inside.map((name) => [...(bitsOfName.get(name) ?? []), ...inside.map((other) => other === name)]),
    ...rest.map((atom) => [...atom.bits, ...inside.map(() => false)]),
  ];
  const words = [...globs, ...inside];
  let table: CoverTable | undefined;
  const byWords = leads === null ? null : [...leads, ...inside.map((_, i) => globs.length + i)];
  return {
    port,
    atoms,
    holds(index, host) {
      const name = atoms[index]?.name ?? null;
      if (name !== null || inside.includes(host)) return name === host;
      return matchers.every((matches, i) => matches(host) === bits[index]?.[i]);
    },
    describe(chosen) {
      const [only = 0] = chosen;
      const name = atoms[only]?.name ?? null;
      if (chosen.size === 1 && name !== null) return [{ match: name, except: [] }];
      table ??= new CoverTable(bits);
      const literals = cover({ table, chosen, leading: byWords }) ?? [];
      return literals.map(({ all, none }) =>
        textSetOf(
          all.map((i) => words[i] ?? ""),
          none.map((i) => words[i] ?? ""),
          "**",
        ),
      );
    },
  };
}

export function textSetOf(all: readonly string[], none: readonly string[], everything: string): TextSet {
  const [match = everything, ...also] = all;
  return { match, except: [...none].sort(), ...(also.length === 0 ? {} : { also }) };
}
