/** Which patterns surely contain others. Never claims more than it can show. */
import { foldText } from "../glob/fold.ts";
import { compileGlob, hasWildcard } from "../glob.ts";
import type { Binary, Clause } from "../model.ts";

/** Surely wider: the same text, everything, a `prefix/**` of a longer path, or a pattern of one plain path. */
export function pathCovers(wide: string | undefined, narrow: string): boolean {
  if (wide === undefined || wide === narrow || wide === "/**" || wide === "**") return true;
  if (!hasWildcard(narrow)) return compileGlob(wide, { separator: "/" })(narrow);
  const prefix = wide.endsWith("/**") ? wide.slice(0, -2) : null;
  return prefix !== null && !hasWildcard(prefix) && narrow.startsWith(prefix);
}

/** GET includes HEAD. */
export const methodCovers = (wide: string | undefined, narrow: string | undefined): boolean =>
  wide === "*" || wide === narrow || (wide === "GET" && narrow === "HEAD");

/** A clause that asks for nothing but method and path. */
export const isPlainClause = (clause: Clause): boolean => clause.query === undefined && clause.request === undefined;

/** Surely no path matches both: their plain beginnings part. */
export function pathsApart(a: string, b: string): boolean {
  if (pathCovers(a, b) || pathCovers(b, a)) return false;
  const [one, other] = [plainStart(a), plainStart(b)];
  return !one.startsWith(other) && !other.startsWith(one);
}
const plainStart = (pattern: string): string => foldText(pattern.split(/[*?[]/)[0] ?? "").replace(/\/$/, "");

/** Does every program of `narrow` count for `wide` too? Pins and scripts narrow, so only a plain binary contains others. */
export const programsCover = (wide: readonly Binary[], narrow: readonly Binary[]): boolean =>
  narrow.every((one) =>
    wide.some(
      (other) =>
        (other.path === one.path &&
          other.sha256 === one.sha256 &&
          other.script === one.script &&
          (other.inherit === true || one.inherit !== true)) ||
        (other.sha256 === undefined &&
          other.script === undefined &&
          one.inherit !== true &&
          !hasWildcard(one.path) &&
          // A path without wildcards names itself alone; of thousands of pairs most are of such paths.
          (other.path === one.path ||
            (hasWildcard(other.path) && compileGlob(other.path, { separator: "/" })(one.path)))),
    ),
  );

/** A program of both, or null: the first binary of one that the other names as well. */
export const sharedProgram = (a: readonly Binary[], b: readonly Binary[]): Binary | null =>
  a.find((one) => programsCover(b, [one])) ?? b.find((one) => programsCover(a, [one])) ?? null;
