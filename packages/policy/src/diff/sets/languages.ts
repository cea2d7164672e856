/** The texts that can arrive at all: canonical paths, host names and program paths. A witness outside them would prove nothing. */
import { language, type Machine, type Token } from "./machines.ts";

const HEX = /^[0-9A-Fa-f]$/;
/** What a decoded segment holds so far: nothing, one dot, two dots, anything else. */
const SEGMENT = { empty: 0, dot: 1, dots: 2, other: 3 } as const;

/**
 * Paths as `canonicalPath` leaves them. A state packs: the decoded segment, whether the last character was a plain slash, and how many
 * hex digits have followed a `%25`.
 */
export const canonicalPaths = (): Machine =>
  language({
    step(state, token) {
      if (state === 1) return token.raw === "/" ? pack(SEGMENT.empty, true, 0) : null;
      const { segment, slash, digits } = unpack(state);
      if (digits > 0 && HEX.test(token.raw)) {
        if (digits === 2) return null;
        return pack(nextSegment(segment, token), false, 2);
      }
      if (token.decoded === "/") {
        if (segment === SEGMENT.dot || segment === SEGMENT.dots || (slash && token.raw === "/")) return null;
        return pack(SEGMENT.empty, token.raw === "/", 0);
      }
      return pack(nextSegment(segment, token), false, token.raw === "%25" ? 1 : 0);
    },
    accepts: (state) => {
      const { segment } = unpack(state);
      return state !== 1 && segment !== SEGMENT.dot && segment !== SEGMENT.dots;
    },
    // Behind `%25` hex digits count, and each of them is a character of its own.
    marked: (state) => (state !== 1 && unpack(state).digits > 0 ? null : "/."),
  });

const pack = (segment: number, slash: boolean, digits: number): number => 2 + segment + (slash ? 4 : 0) + digits * 8;
const unpack = (state: number) => ({
  segment: (state - 2) & 3,
  slash: ((state - 2) & 4) !== 0,
  digits: (state - 2) >> 3,
});
const nextSegment = (segment: number, token: Token): number =>
  token.decoded === "." && segment < SEGMENT.dots ? segment + 1 : SEGMENT.other;

/** Absolute program paths without empty or dot segments. */
export const programPaths = canonicalPaths;

/** Canonical names: labels that begin and end with a letter, a digit or an underscore. States: 1 start, 2 in a label, 3 behind a hyphen, 4 behind a dot. */
export const hostNames = (): Machine =>
  language({
    step(state, { raw }) {
      if (/^[a-z0-9_]$/.test(raw)) return 2;
      if (raw === "-") return state === 2 || state === 3 ? 3 : null;
      return raw === "." && state === 2 ? 4 : null;
    },
    accepts: (state) => state === 2,
    // Between what stands for itself, hyphen and dot, all letters, digits and the underscore are one.
    marked: "-.",
  });

export const anyText = (): Machine => language({ step: () => 1, accepts: () => true, marked: "" });

/** Holds where the path keeps an encoded slash. */
export const holdsEncodedSlash = (): Machine =>
  language({
    step: (state, token) => (state === 2 || token.raw === "%2F" ? 2 : 1),
    accepts: (state) => state === 2,
    marked: "",
  });

/** Holds for a text with a `..` between slashes or backslashes. States: 1 at a segment's start, 2 one dot, 3 two dots, 4 other, 5 found. */
export const climbingTexts = (): Machine =>
  language({
    step(state, { raw }) {
      const separator = raw === "/" || raw === "\\";
      if (state === 5 || (state === 3 && separator)) return 5;
      if (separator) return 1;
      return raw === "." && state <= 2 ? state + 1 : 4;
    },
    accepts: (state) => state === 3 || state === 5,
    marked: "/\\.",
  });
