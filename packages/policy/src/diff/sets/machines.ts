/** Predicates and languages as machines over tokens: a token is one character, or one escape of a path with what it stands for. */
import type { GlobOptions } from "../../glob/types.ts";
import type { Budget } from "../bounds.ts";
import { DEAD, GlobMachine } from "./glob-machine.ts";

export interface Token {
  raw: string;
  /** The same after percent-decoding; equal to `raw` for anything but an escape. */
  decoded: string;
}

export interface Machine {
  readonly start: number;
  next(state: number, token: Token): number;
  accepts(state: number): boolean;
  /** Nothing that follows can be accepted. */
  dead(state: number): boolean;
  /** Single characters that lead elsewhere from this state than all others do; null: any may. */
  marked(state: number): readonly number[] | null;
}

/** Reads the text as it stands. */
export function plainMachine(pattern: string, options: GlobOptions, budget: Budget): Machine {
  const glob = new GlobMachine(pattern, options, budget);
  return {
    start: glob.start,
    next: remembered((state, token) => run(glob, state, token.raw)),
    accepts: (state) => glob.accepts(state),
    dead: (state) => state === DEAD,
    marked: (state) => glob.marked(state),
  };
}

/** The same step is asked for once per combination with all other machines. */
function remembered(next: Machine["next"]): Machine["next"] {
  const moves: (Map<Token, number> | undefined)[] = [];
  return (state, token) => {
    let own = moves[state];
    if (own === undefined) {
      own = new Map();
      moves[state] = own;
    }
    const known = own.get(token);
    if (known !== undefined) return known;
    const made = next(state, token);
    own.set(token, made);
    return made;
  };
}

function run(glob: GlobMachine, start: number, text: string): number {
  let state = start;
  for (let at = 0; at < text.length; at++) state = glob.step(state, text.charCodeAt(at));
  return state;
}

/** One reading of a path: where the pattern stands now, and where it stood before a slash at the end. */
interface Reading {
  now: number;
  before: number;
  slash: boolean;
  /** One character, or none, so that a slash at the end is the root and not an ornament. */
  short: boolean;
}

const SLASH = 47;

/** As deny rules and selectors read a path: in any case, with and without the slash at the end, raw and decoded. */
export function loosePathMachine(pattern: string, budget: Budget): Machine {
  const glob = new GlobMachine(pattern, { separator: "/", ignoreCase: true }, budget);
  const states: (readonly [Reading, Reading])[] = [];
  const ids = new Map<string, number>();
  const intern = (raw: Reading, decoded: Reading): number => {
    const key = `${raw.now},${raw.before},${raw.slash},${raw.short},${decoded.now},${decoded.before},${decoded.slash},${decoded.short}`;
    const known = ids.get(key);
    if (known !== undefined) return known;
    budget.spend(2);
    ids.set(key, states.length);
    return states.push([raw, decoded]) - 1;
  };
  const read = (reading: Reading, text: string, first: boolean): Reading => {
    let result = reading;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      result = {
        now: glob.step(result.now, code),
        before: result.now,
        slash: code === SLASH,
        short: first && at === 0,
      };
    }
    return result.slash ? result : { ...result, before: DEAD };
  };
  const readingAccepts = ({ now, before, slash, short }: Reading): boolean =>
    glob.accepts(now) || (slash && !short ? glob.accepts(before) : glob.accepts(glob.step(now, SLASH)));
  const at = (state: number) => states[state];
  const accepts = (state: number) => at(state)?.some(readingAccepts) === true;
  const marks: (readonly number[] | undefined)[] = [];
  const none: Reading = { now: glob.start, before: DEAD, slash: false, short: true };
  const start = intern(none, none);
  return {
    start,
    next: remembered((state, token) => {
      const pair = at(state);
      if (pair === undefined) return state;
      const first = state === start;
      return intern(read(pair[0], token.raw, first), read(pair[1], token.decoded, first));
    }),
    accepts,
    dead: (state) => at(state)?.every(({ now }) => now === DEAD) === true && !accepts(state),
    marked(state) {
      const known = marks[state];
      if (known !== undefined) return known;
      const found = new Set<number>([SLASH]);
      for (const { now } of at(state) ?? []) {
        const own = glob.marked(now);
        if (own === null) return null;
        for (const code of own) found.add(code);
      }
      const made = [...found];
      marks[state] = made;
      return made;
    },
  };
}

/** A hand-made language: states are small numbers, and `null` ends it. */
export function language(options: {
  step: (state: number, token: Token) => number | null;
  accepts: (state: number) => boolean;
  /** Characters that `step` tells from others; null: any may be. */
  marked: string | ((state: number) => string | null);
}): Machine {
  const { marked } = options;
  const codesOf = (text: string | null) => (text === null ? null : Array.from(text, (c) => c.charCodeAt(0)));
  const always = typeof marked === "string" ? codesOf(marked) : null;
  return {
    start: 1,
    next: remembered((state, token) => (state === DEAD ? DEAD : (options.step(state, token) ?? DEAD))),
    accepts: (state) => state !== DEAD && options.accepts(state),
    dead: (state) => state === DEAD,
    marked: (state) => (typeof marked === "string" ? always : codesOf(marked(state))),
  };
}
