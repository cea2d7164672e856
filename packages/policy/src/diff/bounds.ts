/**
 * Bounds of the set arithmetic. Threat: a file written so that comparing it never ends. Invariant: what is given up when a bound is
 * reached is precision, never completeness: the whole place is then claimed as changed, and the diff says so.
 */

/** Steps of all automata and judged requests of one diff together; a few seconds of work. */
export const DIFF_WORK_MAX = 16_000_000;
/** Of that, what one place (callers of one host and port) may use, so that one bad place does not cost all others their precision. */
export const PLACE_WORK_MAX = 2_000_000;
/** Classes of texts of one dimension; a reviewed file has a few dozen. */
export const ATOMS_MAX = 3_000;
/** Judged combinations of one place. */
export const CELLS_MAX = 120_000;
/** Combinations of several parents of one caller. */
export const COMBINATIONS_MAX = 64;
/** Sets of values (query parameters, list items, fields) of one name that its predicates tell apart. */
export const VALUE_SETS_MAX = 512;
/** Making and reading one request costs about as much as this many automaton steps. */
export const WORK_PER_READING = 4;
/** Claims that are spelled out when a bound is reached, and programs or hosts in one of them; more become one claim of everything. */
export const OVERCLAIMS_MAX = 64;
/** What one class of hosts at one port costs before anything is compared there. */
export const WORK_PER_SPACE = 250;
/** A judgement costs about as much as this many automaton steps. */
export const WORK_PER_JUDGEMENT = 12;

/** Thrown inside the set arithmetic only, and always caught there. */
export class BoundReached extends Error {}

export class Budget {
  private left: number;
  private readonly parent: Budget | null;
  constructor(work: number, parent: Budget | null = null) {
    this.left = work;
    this.parent = parent;
  }
  spend(work: number): void {
    this.left -= work;
    this.parent?.spend(work);
    if (this.left < 0) throw new BoundReached("The comparison has reached its bound of work.");
  }
  /** For work that cannot be left half done; `spent` says whether to begin the next. */
  charge(work: number): void {
    this.left -= work;
    this.parent?.charge(work);
  }
  get spent(): boolean {
    return this.left <= 0;
  }
}
