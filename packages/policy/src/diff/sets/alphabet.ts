/**
 * Which characters are worth trying: of all characters that every pattern treats alike, one, and that the most readable one.
 */

import type { GlobOptions } from "../../glob/types.ts";
import { globTokens } from "../../glob.ts";
import type { Token } from "./machines.ts";

export interface PatternUse {
  pattern: string;
  separator: GlobOptions["separator"];
  /** Read in any case and, for paths, decoded as well. */
  loose: boolean;
}

/** Readable characters first; what stands first is what fills a wildcard. */
const PREFERRED = [
  ..."xabcdefghijklmnopqrstuvwyz0123456789",
  ..."XABCDEFGHIJKLMNOPQRSTUVWYZ",
  ..."/.-_~",
  ...":@!$&'()*+,= ",
  ...'%?#[]{}|"<>^`;\\',
];
const PATH_CHARACTER = /^[A-Za-z0-9\-._~!$&'()*+,=:@/]$/;
const UNRESERVED = /^[A-Za-z0-9\-._~]$/;
/** One letter that needs two bytes and one that needs a surrogate pair. */
const WIDE = ["é", "😀"];

/** Code units at which some pattern begins or ends to treat a character differently, ascending. */
function boundaries(patterns: readonly PatternUse[], structural: string): number[] {
  const found = new Set<number>([0]);
  const addRange = (low: number, high: number) => {
    found.add(low);
    found.add(high + 1);
  };
  const addCases = (low: number, high: number, loose: boolean) => {
    addRange(low, high);
    if (!loose) return;
    if (high >= 65 && low <= 90) addRange(Math.max(low, 65) + 32, Math.min(high, 90) + 32);
    if (high >= 97 && low <= 122) addRange(Math.max(low, 97) - 32, Math.min(high, 122) - 32);
  };
  for (const character of structural) addRange(character.charCodeAt(0), character.charCodeAt(0));
  for (const { pattern, separator, loose } of patterns)
    for (const token of globTokens(pattern, separator)) {
      if (token.kind === "char") addCases(token.code, token.code, loose);
      else if (token.kind === "class") for (const [low, high] of token.ranges) addCases(low, high, loose);
    }
  return [...found].sort((a, b) => a - b);
}

function intervalOf(sorted: readonly number[], code: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((sorted[middle] ?? 0) <= code) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** One character of each interval that `valid` lets through. */
function representatives(sorted: readonly number[], candidates: readonly string[]): string[] {
  const seen = new Set<number>();
  return candidates.filter((character) => {
    const interval = intervalOf(sorted, character.charCodeAt(0));
    if (seen.has(interval)) return false;
    seen.add(interval);
    return true;
  });
}

const literal = (character: string): Token => ({ raw: character, decoded: character });
const escaped = (character: string): Token => ({
  raw: [...new TextEncoder().encode(character)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`)
    .join(""),
  decoded: character,
});

/** For texts without escapes: values, host names, program paths. `valid` keeps what can stand in such a text. */
export function textAlphabet(patterns: readonly PatternUse[], valid: RegExp, structural: string): Token[] {
  const sorted = boundaries(patterns, structural);
  const wide = patterns.flatMap(({ pattern }) => [...pattern]).filter((character) => character.charCodeAt(0) > 126);
  return representatives(
    sorted,
    [...PREFERRED, ...wide, ...WIDE.slice(0, 1)].filter((c) => valid.test(c)),
  ).map(literal);
}

/** For paths: plain characters, and the escapes that some pattern could tell from a plain character. */
export function pathAlphabet(patterns: readonly PatternUse[], encodedSlash: boolean): Token[] {
  const sorted = boundaries(patterns, "/.");
  const plain = representatives(
    sorted,
    PREFERRED.filter((character) => PATH_CHARACTER.test(character)),
  ).map(literal);
  const escapes = escapesWorthTrying(patterns, sorted).map(escaped);
  return [...plain, ...escapes, ...(encodedSlash ? [escaped("/")] : [])];
}

function escapesWorthTrying(patterns: readonly PatternUse[], sorted: readonly number[]): string[] {
  const reserved = PREFERRED.filter(
    (character) => !UNRESERVED.test(character) && character !== "/" && character !== "\\",
  );
  const all = patterns.some(({ pattern }) => pattern.includes("%"));
  if (all) return [...reserved, ...WIDE];
  const looseOnes = patterns.filter(({ loose }) => loose);
  const counted = patterns.some(({ pattern }) => /[?[]/.test(pattern));
  const foreign = looseOnes.some(({ pattern }) => /[^A-Za-z0-9\-._~/*]/.test(pattern));
  if (!counted && !foreign) return [];
  const own = looseOnes.flatMap(({ pattern }) => [...pattern]).filter((character) => character.charCodeAt(0) > 126);
  return [...new Set([...representatives(sorted, [...reserved, ...own, ...WIDE]), " "])];
}
