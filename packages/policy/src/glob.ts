/**
 * The one glob engine. Threat: a pattern that means something else in another place, or a text that makes matching slow.
 * Invariant: one meaning everywhere (docs/policy/meaning.md), each text read once, no regular expression built from anybody's input.
 *
 * `*` any characters but the separator, `**` any characters, `?` one character but the separator, `[a-z]` `[!a-z]` one of a
 * class (never the separator). Where the separator is `/`, a `**` that is a whole segment also matches no segment at all.
 */
import { machineMatcher } from "./glob/machine.ts";
import { shapeMatcher } from "./glob/shapes.ts";
import type { GlobMatcher, GlobOptions, GlobToken } from "./glob/types.ts";
import { GLOB_CHARS_MAX } from "./limits.ts";

/** What a pattern without any problem may hold none of, or must be read more closely for. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what is refused here.
const SUSPICIOUS = /[{}\\[\]\u0000-\u001f\u007f]|\*\*\*/;

/** Why a text is no glob, as a sentence, or null when it is one. */
export function globProblem(pattern: string): string | null {
  if (pattern.length > GLOB_CHARS_MAX) return `The pattern is longer than ${GLOB_CHARS_MAX} characters.`;
  if (!SUSPICIOUS.test(pattern)) return null;
  if (/[{}]/.test(pattern)) return "Braces have no meaning in a pattern.";
  if (pattern.includes("\\")) return "A backslash has no meaning in a pattern.";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what is refused here.
  if (/[\u0000-\u001f\u007f]/.test(pattern)) return "The pattern contains a control character.";
  if (pattern.includes("***")) return "Three stars in a row have no meaning.";
  let at = 0;
  while (at < pattern.length) {
    const c = pattern[at];
    if (c === "]") return "The pattern closes a bracket that was not opened.";
    if (c !== "[") {
      at++;
      continue;
    }
    const parsed = readClass(pattern, at);
    if (typeof parsed === "string") return parsed;
    at = parsed.end;
  }
  return null;
}

export const hasWildcard = (pattern: string): boolean => /[*?[]/.test(pattern);

function readClass(pattern: string, start: number): { token: GlobToken; end: number } | string {
  let at = start + 1;
  const negated = pattern[at] === "!" || pattern[at] === "^";
  if (negated) at++;
  const ranges: [number, number][] = [];
  while (at < pattern.length && (pattern[at] !== "]" || ranges.length === 0)) {
    const low = pattern.charCodeAt(at);
    if (pattern[at + 1] === "-" && at + 2 < pattern.length && pattern[at + 2] !== "]") {
      const high = pattern.charCodeAt(at + 2);
      if (high < low) return "A range in brackets runs backwards.";
      ranges.push([low, high]);
      at += 3;
    } else {
      ranges.push([low, low]);
      at++;
    }
  }
  if (pattern[at] !== "]") return "The pattern opens a bracket that is never closed.";
  return { token: { kind: "class", negated, ranges }, end: at + 1 };
}

/** A pattern read once; the matcher and the set arithmetic of `diff` walk the same tokens. Throws RangeError on a malformed pattern. */
export function globTokens(pattern: string, separator: GlobOptions["separator"]): GlobToken[] {
  const tokens: GlobToken[] = [];
  let at = 0;
  while (at < pattern.length) {
    const c = pattern[at];
    if (c === "*" && pattern[at + 1] === "*") {
      const wholeSegment = separator === "/" && pattern[at + 2] === "/" && (at === 0 || pattern[at - 1] === "/");
      tokens.push(wholeSegment ? { kind: "segments" } : { kind: "globstar" });
      at += wholeSegment ? 3 : 2;
    } else if (c === "*") {
      tokens.push(separator === "" ? { kind: "globstar" } : { kind: "star" });
      at++;
    } else if (c === "?") {
      tokens.push({ kind: "one" });
      at++;
    } else if (c === "[") {
      const parsed = readClass(pattern, at);
      if (typeof parsed === "string") throw new RangeError(parsed);
      tokens.push(parsed.token);
      at = parsed.end;
    } else {
      tokens.push({ kind: "char", code: pattern.charCodeAt(at) });
      at++;
    }
  }
  return tokens;
}

/**
 * Common shapes are compared as texts, all others run as a machine over `globTokens`; both read a text once, whatever the pattern.
 * Throws RangeError on a malformed pattern.
 */
export function compileGlob(pattern: string, options: GlobOptions): GlobMatcher {
  const problem = globProblem(pattern);
  if (problem !== null) throw new RangeError(problem);
  const ignoreCase = options.ignoreCase === true;
  const separatorCode = options.separator === "" ? -1 : options.separator.charCodeAt(0);
  return (
    shapeMatcher(pattern, { separator: options.separator, ignoreCase }) ??
    machineMatcher(globTokens(pattern, options.separator), { separatorCode, ignoreCase })
  );
}
