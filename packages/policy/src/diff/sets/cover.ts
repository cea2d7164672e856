/**
 * From atoms back to the words people wrote. Each conjunction names at least one positive predicate where the space was not searched as
 * a whole, covers chosen atoms only, and together they cover all of them.
 */
export interface CoverQuery {
  /** For each atom the truth of each predicate. */
  table: CoverTable;
  chosen: ReadonlySet<number>;
  /** Predicates that may lead a conjunction; null: any, and also none at all. */
  leading: readonly number[] | null;
}

/** Which predicates hold for which atoms, made once for all that is described by them. */
export class CoverTable {
  readonly atomCount: number;
  readonly width: number;
  readonly unused: ReadonlySet<number>;
  /** Which predicates hold for an atom, and for which atoms a predicate holds. */
  readonly holding: readonly (readonly number[])[];
  readonly atomsOf = new Map<number, number[]>();

  /** `unused`: predicates that must not be named; they only tell atoms apart. */
  constructor(atoms: readonly (readonly boolean[])[], unused: readonly number[] = []) {
    this.atomCount = atoms.length;
    this.width = atoms[0]?.length ?? 0;
    this.unused = new Set(unused);
    this.holding = atoms.map((bits) => bits.flatMap((bit, i) => (bit && !this.unused.has(i) ? [i] : [])));
    for (const [atom, predicates] of this.holding.entries())
      for (const predicate of predicates) {
        const list = this.atomsOf.get(predicate);
        if (list === undefined) this.atomsOf.set(predicate, [atom]);
        else list.push(atom);
      }
  }
}

/** Places of predicates that hold, and of those that do not. */
export interface Literals {
  all: number[];
  none: number[];
}

interface Candidate {
  literals: Literals;
  covers: readonly number[];
}

/** Null where the predicates that may be used cannot tell chosen atoms from others. */
export function cover(query: CoverQuery): Literals[] | null {
  return new Cover(query).run();
}

class Cover {
  private readonly chosen: ReadonlySet<number>;
  private readonly atomCount: number;
  private readonly holding: readonly (readonly number[])[];
  private readonly atomsOf: ReadonlyMap<number, readonly number[]>;
  private readonly leads: readonly number[];
  private readonly mayLeadNone: boolean;
  private readonly width: number;
  private readonly unused: ReadonlySet<number>;

  constructor({ table, chosen, leading }: CoverQuery) {
    this.chosen = chosen;
    this.atomCount = table.atomCount;
    this.width = table.width;
    this.unused = table.unused;
    this.holding = table.holding;
    this.atomsOf = table.atomsOf;
    this.mayLeadNone = leading === null;
    // What holds for nothing chosen leads nowhere.
    const near = new Set([...chosen].flatMap((atom) => this.holding[atom] ?? []));
    this.leads = [...(leading ?? this.atomsOf.keys())].filter((predicate) => near.has(predicate));
  }

  run(): Literals[] | null {
    const left = new Set(this.chosen);
    const leads = [...(this.mayLeadNone ? [[]] : []), ...this.leads.map((lead) => [lead])];
    const candidates = leads.flatMap((all) => this.narrow(all) ?? []);
    const found: Literals[] = [];
    while (left.size > 0) {
      const best = pickBest(candidates, left) ?? pickBest(this.exactly(left), left);
      if (best === null) return null;
      found.push(best.literals);
      for (const atom of best.covers) left.delete(atom);
    }
    return found;
  }

  private inside(all: readonly number[]): readonly number[] {
    const [first, ...others] = all;
    if (first === undefined) return Array.from({ length: this.atomCount }, (_, i) => i);
    return (this.atomsOf.get(first) ?? []).filter((atom) => others.every((p) => this.holding[atom]?.includes(p)));
  }

  /** What `all` covers less exceptions: each keeps out what was not chosen and touches nothing that was. */
  private narrow(all: readonly number[]): Candidate | null {
    const inside = this.inside(all);
    const covers = inside.filter((atom) => this.chosen.has(atom));
    if (covers.length === 0) return null;
    const unwanted = new Set(inside.filter((atom) => !this.chosen.has(atom)));
    if (unwanted.size === 0) return { literals: { all: [...all], none: [] }, covers };
    const needed = new Set(covers.flatMap((atom) => this.holding[atom] ?? []));
    const none: number[] = [];
    while (unwanted.size > 0) {
      const removes = new Map<number, number>();
      for (const atom of unwanted)
        for (const predicate of this.holding[atom] ?? [])
          if (!needed.has(predicate)) removes.set(predicate, (removes.get(predicate) ?? 0) + 1);
      const [best] = [...removes].sort(([p, a], [q, b]) => b - a || p - q);
      if (best === undefined) return null;
      none.push(best[0]);
      for (const atom of this.atomsOf.get(best[0]) ?? []) unwanted.delete(atom);
      // Names that exclude one atom each need no further weighing.
      if (best[1] === 1) {
        for (const atom of [...unwanted]) {
          const predicate = this.holding[atom]?.find((p) => !needed.has(p));
          if (predicate === undefined) return null;
          none.push(predicate);
          unwanted.delete(atom);
        }
      }
    }
    return { literals: { all: [...all], none: [...new Set(none)].sort((a, b) => a - b) }, covers };
  }

  /** For what no single pattern leads to: around one atom, whatever keeps most of the unwanted out, until none is left. */
  private exactly(left: ReadonlySet<number>): Candidate[] {
    const [atom] = left;
    const holding = atom === undefined ? undefined : this.holding[atom];
    if (atom === undefined || holding === undefined) return [];
    const leads: number[][] = holding.filter((predicate) => this.leads.includes(predicate)).map((lead) => [lead]);
    if (this.mayLeadNone) leads.push([]);
    return leads.flatMap((lead) => this.around(atom, lead) ?? []);
  }

  private around(atom: number, lead: readonly number[]): Candidate | null {
    const own = new Set(this.holding[atom]);
    const literals: Literals = { all: [...lead], none: [] };
    let inside = [...this.inside(lead)];
    const holds = (i: number, predicate: number) => this.holding[i]?.includes(predicate) === true;
    for (;;) {
      const unwanted = inside.filter((i) => !this.chosen.has(i));
      if (unwanted.length === 0) return { literals, covers: inside };
      let best: { predicate: number; score: number } | null = null;
      for (let predicate = 0; predicate < this.width; predicate++) {
        if (this.unused.has(predicate)) continue;
        const kept = (i: number) => holds(i, predicate) === own.has(predicate);
        const removed = unwanted.filter((i) => !kept(i)).length;
        if (removed === 0) continue;
        const lost = inside.filter((i) => this.chosen.has(i) && !kept(i)).length;
        const score = removed - lost / (this.atomCount + 1);
        if (best === null || score > best.score) best = { predicate, score };
      }
      if (best === null) return null;
      const { predicate } = best;
      (own.has(predicate) ? literals.all : literals.none).push(predicate);
      inside = inside.filter((i) => holds(i, predicate) === own.has(predicate));
    }
  }
}

function pickBest(candidates: readonly Candidate[], left: ReadonlySet<number>): Candidate | null {
  let best: Candidate | null = null;
  let bestScore = 0;
  for (const candidate of candidates) {
    const gained = candidate.covers.filter((i) => left.has(i)).length;
    const length = candidate.literals.all.length + candidate.literals.none.length;
    const score = gained === 0 ? 0 : gained + 1 / (2 + length);
    if (score > bestScore) {
      best = candidate;
      bestScore = score;
    }
  }
  return best;
}
