/**
 * A glob as a machine that reads one character at a time, over the same tokens as the one matcher. Every witness of hosts,
 * programs and paths is checked against the matcher itself (`texts.ts`), and values are by the predicates of their dimension.
 */

import type { GlobOptions, GlobToken } from "../../glob/types.ts";
import { globTokens } from "../../glob.ts";
import type { Budget } from "../bounds.ts";

/** The state from which nothing is accepted any more. */
export const DEAD = 0;

const lower = (code: number): number => (code >= 65 && code <= 90 ? code + 32 : code);
const upper = (code: number): number => (code >= 97 && code <= 122 ? code - 32 : code);

/** Sets of places in the pattern, numbered as they are met. */
export class GlobMachine {
  readonly start: number;
  private readonly tokens: readonly GlobToken[];
  private readonly separator: number;
  private readonly ignoreCase: boolean;
  private readonly budget: Budget;
  /** Each state is a sorted list of `2 * place`, plus 1 for "inside a segment" of a whole-segment `**`. */
  private readonly places: (readonly number[])[] = [[]];
  private readonly accepting: boolean[] = [false];
  private readonly marks: (readonly number[] | null | undefined)[] = [];
  private readonly ids = new Map<string, number>([["", DEAD]]);
  private readonly moves = new Map<number, number>();

  constructor(pattern: string, options: GlobOptions, budget: Budget) {
    this.tokens = globTokens(pattern, options.separator);
    this.separator = options.separator === "" ? -1 : options.separator.charCodeAt(0);
    this.ignoreCase = options.ignoreCase === true;
    this.budget = budget;
    this.start = this.intern(new Set([0]));
  }

  accepts(state: number): boolean {
    return this.accepting[state] === true;
  }

  /** Characters that lead elsewhere than all others do; null: any may. */
  marked(state: number): readonly number[] | null {
    const known = this.marks[state];
    if (known !== undefined) return known;
    const found = new Set<number>([this.separator]);
    for (const mark of this.places[state] ?? []) {
      const token = this.tokens[mark >> 1];
      if (token?.kind === "char") {
        found.add(token.code);
        if (this.ignoreCase) found.add(lower(token.code)).add(upper(token.code));
      } else if (token?.kind === "class") {
        this.marks[state] = null;
        return null;
      }
    }
    const marks = [...found];
    this.marks[state] = marks;
    return marks;
  }

  step(state: number, code: number): number {
    if (state === DEAD) return DEAD;
    const key = state * 65_536 + code;
    const known = this.moves.get(key);
    if (known !== undefined) return known;
    const next = this.move(this.places[state] ?? [], code);
    this.moves.set(key, next);
    return next;
  }

  private move(places: readonly number[], code: number): number {
    this.budget.spend(1 + places.length);
    const next = new Set<number>();
    for (const mark of places) {
      const place = mark >> 1;
      const token = this.tokens[place];
      if (token === undefined) continue;
      if (token.kind === "globstar" || (token.kind === "star" && code !== this.separator)) next.add(place * 2);
      else if (token.kind === "segments") {
        next.add(place * 2 + 1);
        if (code === this.separator) next.add((place + 1) * 2);
      } else if (this.matches(token, code)) next.add((place + 1) * 2);
    }
    return this.intern(next);
  }

  private matches(token: GlobToken, code: number): boolean {
    if (token.kind === "char") return token.code === code || (this.ignoreCase && lower(token.code) === lower(code));
    if (token.kind === "one") return code !== this.separator;
    if (token.kind !== "class" || code === this.separator) return false;
    const within = (c: number) => token.ranges.some(([low, high]) => c >= low && c <= high);
    return (within(code) || (this.ignoreCase && (within(lower(code)) || within(upper(code))))) !== token.negated;
  }

  /** A wildcard may stand for nothing, so each place carries over the wildcards behind it. */
  private intern(marks: Set<number>): number {
    for (const mark of marks) {
      const kind = mark % 2 === 0 ? this.tokens[mark >> 1]?.kind : undefined;
      if (kind === "star" || kind === "globstar" || kind === "segments") marks.add(mark + 2);
    }
    const sorted = [...marks].filter((mark) => mark % 2 === 0 || !marks.has(mark - 1)).sort((a, b) => a - b);
    const key = sorted.join();
    const known = this.ids.get(key);
    if (known !== undefined) return known;
    this.budget.spend(sorted.length);
    const id = this.places.length;
    this.places.push(sorted);
    this.accepting.push(marks.has(this.tokens.length * 2));
    this.ids.set(key, id);
    return id;
  }
}
