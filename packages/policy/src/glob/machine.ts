/**
 * The full meaning of a pattern, as a set of states held in bits. Threat: a text that makes matching slow. Invariant: the text is read
 * once, and each character costs as many word operations as the pattern has tokens, by 30 at a time.
 */

import { foldCode } from "./fold.ts";
import type { GlobMatcher, GlobToken } from "./types.ts";

export interface MachineOptions {
  /** -1 where texts have no segments. */
  separatorCode: number;
  ignoreCase: boolean;
}

/** Below 31, so that the bit behind the last token never touches a word's sign. */
const BITS_PER_WORD = 30;
const WORD_MASK = 2 ** BITS_PER_WORD - 1;
const ASCII_CODES = 128;

export function machineMatcher(source: readonly GlobToken[], options: MachineOptions): GlobMatcher {
  const tokens = collapse(source);
  return tokens.length < BITS_PER_WORD ? narrowMachine(tokens, options) : wideMachine(tokens, options);
}

/** "Nothing or anything ending in a separator" twice is the same once; so at most two wildcards stand side by side. */
const collapse = (tokens: readonly GlobToken[]): readonly GlobToken[] =>
  tokens.filter((token, at) => token.kind !== "segments" || tokens[at - 1]?.kind !== "segments");

const mayBeEmpty = ({ kind }: GlobToken): boolean => kind === "star" || kind === "globstar" || kind === "segments";

function consumes(token: GlobToken, code: number, { separatorCode, ignoreCase }: MachineOptions): boolean {
  switch (token.kind) {
    case "char":
      return token.code === code || (ignoreCase && foldCode(token.code) === foldCode(code));
    case "one":
      return code !== separatorCode;
    case "class": {
      if (code === separatorCode) return false;
      const within = (c: number) => token.ranges.some(([low, high]) => c >= low && c <= high);
      const hit = within(code) || (ignoreCase && (within(upperCode(code)) || sameLetter(token.ranges, foldCode(code))));
      return hit !== token.negated;
    }
    default:
      return false;
  }
}

/** The folded letter is within, or is another case of one that is named by itself. */
const sameLetter = (ranges: readonly [number, number][], folded: number): boolean =>
  ranges.some(([low, high]) => (folded >= low && folded <= high) || (low === high && foldCode(low) === folded));

function upperCode(code: number): number {
  const upper = String.fromCharCode(code).toUpperCase();
  return upper.length === 1 ? upper.charCodeAt(0) : code;
}

const bitsOf = (tokens: readonly GlobToken[], holds: (token: GlobToken) => boolean): number =>
  tokens.reduce((bits, token, at) => (holds(token) ? bits | (1 << at) : bits), 0);

function narrowMachine(tokens: readonly GlobToken[], options: MachineOptions): GlobMatcher {
  const { separatorCode } = options;
  const empty = bitsOf(tokens, mayBeEmpty);
  const crossing = bitsOf(tokens, ({ kind }) => kind === "globstar");
  const staying = crossing | bitsOf(tokens, ({ kind }) => kind === "star");
  const segments = bitsOf(tokens, ({ kind }) => kind === "segments");
  const accept = 1 << tokens.length;
  const read = (code: number) => bitsOf(tokens, (token) => consumes(token, code, options));
  let steps: Int32Array | null = null;
  const step = (code: number): number => {
    if (code >= ASCII_CODES) return read(code);
    steps ??= new Int32Array(ASCII_CODES).fill(-1);
    const known = steps[code] ?? -1;
    if (known !== -1) return known;
    const bits = read(code);
    steps[code] = bits;
    return bits;
  };
  // A wildcard may match nothing: each mark is carried over the wildcards behind it, of which at most two are neighbours.
  const carry = (bits: number): number => {
    const once = bits | ((bits & empty) << 1);
    return once | ((once & empty) << 1);
  };
  return (text) => {
    let current = carry(1);
    // States inside a segment that `**/` is passing over: only a separator ends it.
    let inside = 0;
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      const isSeparator = code === separatorCode;
      inside |= current & segments;
      let next = ((current & step(code)) << 1) | (current & (isSeparator ? crossing : staying));
      if (isSeparator) next |= inside << 1;
      if (next === 0 && inside === 0) return false;
      current = carry(next);
    }
    return (current & accept) !== 0;
  };
}

/** The same over several words, for long patterns. */
function wideMachine(tokens: readonly GlobToken[], options: MachineOptions): GlobMatcher {
  const { separatorCode } = options;
  const words = Math.floor(tokens.length / BITS_PER_WORD) + 1;
  const gather = (holds: (token: GlobToken) => boolean): Int32Array => {
    const bits = new Int32Array(words);
    for (const [at, token] of tokens.entries()) if (holds(token)) setBit(bits, at);
    return bits;
  };
  const empty = gather(mayBeEmpty);
  const crossing = gather(({ kind }) => kind === "globstar");
  const staying = gather(({ kind }) => kind === "globstar" || kind === "star");
  const segments = gather(({ kind }) => kind === "segments");
  const ones = gather(({ kind }) => kind === "one");
  const classes = [...tokens.entries()].filter(([, { kind }]) => kind === "class");
  const chars = new Map<number, Int32Array>();
  for (const [at, token] of tokens.entries()) {
    if (token.kind !== "char") continue;
    const code = options.ignoreCase ? foldCode(token.code) : token.code;
    const bits = chars.get(code) ?? new Int32Array(words);
    setBit(bits, at);
    chars.set(code, bits);
  }
  const overtakes = overtakingBy(tokens, separatorCode);
  const none = new Int32Array(words);
  const inClasses = new Int32Array(words);
  return (text) => {
    const current = new Int32Array(words);
    const inside = new Int32Array(words);
    setBit(current, 0);
    carryWide(current, empty, { from: 0, to: words - 1 });
    // Words before `from` and behind `to` hold no mark.
    let from = 0;
    let to = Math.min(1, words - 1);
    const marks: Marks = { current, inside, wildcards: empty, overtakes, from, to };
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      const isSeparator = code === separatorCode;
      const loops = isSeparator ? crossing : staying;
      const literal = chars.get(options.ignoreCase ? foldCode(code) : code) ?? none;
      const anyOne = isSeparator ? none : ones;
      if (classes.length > 0) {
        inClasses.fill(0);
        for (const [state, token] of classes) if (consumes(token, code, options)) setBit(inClasses, state);
      }
      // One token further, and over the wildcards behind it: at most one word.
      to = Math.min(to + 1, words - 1);
      let over = 0;
      let alive = 0;
      for (let word = from; word <= to; word++) {
        const bits = current[word] ?? 0;
        const within = (inside[word] ?? 0) | (bits & (segments[word] ?? 0));
        inside[word] = within;
        const consumed = (literal[word] ?? 0) | (anyOne[word] ?? 0) | (inClasses[word] ?? 0);
        const moved = ((bits & consumed) | (isSeparator ? within : 0)) * 2 + over;
        over = moved > WORD_MASK ? 1 : 0;
        const next = (moved & WORD_MASK) | (bits & (loops[word] ?? 0));
        current[word] = next;
        alive |= next | within;
      }
      if (alive === 0) return false;
      marks.from = from;
      marks.to = to;
      carryWide(current, empty, marks);
      while (to > from && current[to] === 0 && inside[to] === 0) to--;
      marks.to = to;
      from = forget(marks);
    }
    return ((current[Math.floor(tokens.length / BITS_PER_WORD)] ?? 0) & (1 << (tokens.length % BITS_PER_WORD))) !== 0;
  };
}

function setBit(bits: Int32Array, at: number): void {
  const word = Math.floor(at / BITS_PER_WORD);
  bits[word] = (bits[word] ?? 0) | (1 << (at % BITS_PER_WORD));
}

interface Span {
  from: number;
  to: number;
}

function carryWide(bits: Int32Array, empty: Int32Array, { from, to }: Span): void {
  for (let round = 0; round < 2; round++) {
    let over = 0;
    for (let word = from; word <= to; word++) {
      const own = bits[word] ?? 0;
      const moved = (own & (empty[word] ?? 0)) * 2 + over;
      over = moved > WORD_MASK ? 1 : 0;
      bits[word] = own | (moved & WORD_MASK);
    }
  }
}

/**
 * A wildcard that is reached makes the marks before it needless, as far back as whatever they could still match passes it anyway: a `*`
 * those of its segment, a `**` all. For each state the first that it overtakes, itself where none.
 */
function overtakingBy(tokens: readonly GlobToken[], separatorCode: number): Int32Array {
  const first = Int32Array.from({ length: tokens.length + 1 }, (_, at) => at);
  let segmentFrom = 0;
  for (const [at, token] of tokens.entries()) {
    if (token.kind === "globstar" || token.kind === "segments") first[at] = 0;
    else if (token.kind === "star") first[at] = segmentFrom;
    const maySeparate =
      token.kind === "globstar" || token.kind === "segments" || (token.kind === "char" && token.code === separatorCode);
    if (maySeparate) segmentFrom = at + 1;
  }
  return first;
}

interface Marks extends Span {
  current: Int32Array;
  inside: Int32Array;
  wildcards: Int32Array;
  overtakes: Int32Array;
}

/** Takes away what the last wildcard reached has overtaken; answers the first word that still holds a mark. */
function forget({ current, inside, wildcards, overtakes, from, to }: Marks): number {
  for (let word = to; word >= from; word--) {
    const reached = ((current[word] ?? 0) | (inside[word] ?? 0)) & (wildcards[word] ?? 0);
    if (reached === 0) continue;
    const state = word * BITS_PER_WORD + 31 - Math.clz32(reached);
    // What lies before `from` is clear already.
    const first = Math.max(overtakes[state] ?? state, from * BITS_PER_WORD);
    clear(current, first, state);
    clear(inside, first, state);
    break;
  }
  let start = from;
  while (start < to && current[start] === 0 && inside[start] === 0) start++;
  return start;
}

/** Marks from `first` up to, but not with, `end`. */
function clear(bits: Int32Array, first: number, end: number): void {
  const [firstWord, lastWord] = [Math.floor(first / BITS_PER_WORD), Math.floor(end / BITS_PER_WORD)];
  const below = (1 << (end % BITS_PER_WORD)) - 1;
  const keptBelow = (1 << (first % BITS_PER_WORD)) - 1;
  for (let word = firstWord; word <= lastWord; word++) {
    let cleared = word === lastWord ? below : WORD_MASK;
    if (word === firstWord) cleared &= ~keptBelow;
    bits[word] = (bits[word] ?? 0) & ~cleared;
  }
}
