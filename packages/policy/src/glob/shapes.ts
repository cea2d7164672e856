/**
 * The common shapes of patterns as plain comparisons of text. They mean what the machine means (a property test holds them to it);
 * whatever is not one of them is left to it.
 */

import { foldText } from "./fold.ts";
import type { GlobMatcher } from "./types.ts";

export interface ShapeOptions {
  separator: "/" | "." | "";
  ignoreCase: boolean;
}

/** Null: no common shape. The pattern has no problem. */
export function shapeMatcher(pattern: string, { separator, ignoreCase }: ShapeOptions): GlobMatcher | null {
  if (/[?[]/.test(pattern)) return null;
  const matcher = foldedShape(ignoreCase ? foldText(pattern) : pattern, separator);
  return matcher === null || !ignoreCase ? matcher : (text) => matcher(foldText(text));
}

function foldedShape(pattern: string, separator: ShapeOptions["separator"]): GlobMatcher | null {
  const star = pattern.indexOf("*");
  if (star === -1) return (text) => text === pattern;
  const double = pattern[star + 1] === "*";
  const width = double ? 2 : 1;
  const onlyWildcard = pattern.indexOf("*", star + width) === -1;
  if (onlyWildcard && (double || separator === "") && !isWholeSegment(pattern, star, separator))
    return anythingBetween(pattern.slice(0, star), pattern.slice(star + width));
  if (separator === "/" && double) return behindSegments(pattern, star);
  return separator === "" ? null : bySegments(pattern, separator);
}

/** Searching for a text in a text costs their product at worst, so what is searched for is short. */
const SEARCHED_CHARS_MAX = 64;

/** `/front/**\/plain` and `/front/**\/plain/**`: behind whole segments, or none, a plain piece, at the end or before more. */
function behindSegments(pattern: string, star: number): GlobMatcher | null {
  if (star === 0 || pattern[star - 1] !== "/" || pattern[star + 2] !== "/") return null;
  const front = pattern.slice(0, star);
  const open = pattern.endsWith("/**");
  const piece = pattern.slice(star + 3, open ? -3 : undefined);
  if (piece.includes("*") || piece.length > SEARCHED_CHARS_MAX || (open && pattern.length < star + 6)) return null;
  if (open) {
    const searched = `/${piece}/`;
    return (text) => text.startsWith(front) && text.includes(searched, front.length - 1);
  }
  const end = `/${piece}`;
  const charsMin = front.length + piece.length;
  return (text) => text.length >= charsMin && text.startsWith(front) && text.endsWith(end);
}

/** `**` before a separator at a segment's start may stand for no segment: the machine knows how. */
const isWholeSegment = (pattern: string, star: number, separator: ShapeOptions["separator"]): boolean =>
  separator === "/" && pattern[star + 2] === "/" && (star === 0 || pattern[star - 1] === "/");

function anythingBetween(prefix: string, suffix: string): GlobMatcher {
  if (suffix === "") return prefix === "" ? () => true : (text) => text.startsWith(prefix);
  const charsMin = prefix.length + suffix.length;
  return (text) => text.length >= charsMin && text.startsWith(prefix) && text.endsWith(suffix);
}

/** One segment: plain, or what stands before and behind its only star. */
interface Segment {
  prefix: string;
  /** Null: plain, `prefix` is all of it. */
  suffix: string | null;
}

/** At most one star a segment, so each is compared by itself; `**` only as the whole last one, where anything may follow. */
function bySegments(pattern: string, separator: "/" | "."): GlobMatcher | null {
  const parts = pattern.split(separator);
  const open = parts.length > 1 && parts.at(-1) === "**";
  if (open) parts.pop();
  const segments: Segment[] = [];
  for (const part of parts) {
    const star = part.indexOf("*");
    if (star !== -1 && part.indexOf("*", star + 1) !== -1) return null;
    segments.push(
      star === -1 ? { prefix: part, suffix: null } : { prefix: part.slice(0, star), suffix: part.slice(star + 1) },
    );
  }
  const last = segments.length - 1;
  return (text) => {
    let at = 0;
    for (let i = 0; i <= last; i++) {
      const segment = segments[i];
      let end = text.indexOf(separator, at);
      if (i === last && !open) {
        if (end !== -1) return false;
        end = text.length;
      } else if (end === -1) return false;
      if (segment === undefined || !segmentMatches(segment, text, at, end)) return false;
      at = end + 1;
    }
    return true;
  };
}

function segmentMatches({ prefix, suffix }: Segment, text: string, at: number, end: number): boolean {
  if (suffix === null) return end - at === prefix.length && text.startsWith(prefix, at);
  return end - at >= prefix.length + suffix.length && text.startsWith(prefix, at) && text.endsWith(suffix, end);
}
