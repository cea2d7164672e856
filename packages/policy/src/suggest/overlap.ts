/** Do two path patterns have a text in common? Claims it where it does not look closely, never the reverse. */

import { foldCode } from "../glob/fold.ts";
import type { GlobToken } from "../glob/types.ts";
import { globTokens } from "../glob.ts";
import { OVERLAP_STATES_MAX } from "./limits.ts";

const SLASH = 47;

/** Letters are compared without case, because a deny holds in any. */
export function pathsOverlap(one: string, other: string): boolean {
  const a = globTokens(one, "/");
  const b = globTokens(other, "/");
  const width = b.length + 1;
  if ((a.length + 1) * width > OVERLAP_STATES_MAX) return true;
  const seen = new Uint8Array((a.length + 1) * width);
  const open: [number, number][] = [[0, 0]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [i, j] = next;
    if (i === a.length && j === b.length) return true;
    if (seen[i * width + j] === 1) continue;
    seen[i * width + j] = 1;
    const x = a[i];
    const y = b[j];
    if (x !== undefined && repeats(x)) open.push([i + 1, j]);
    if (y !== undefined && repeats(y)) open.push([i, j + 1]);
    if (x !== undefined && y !== undefined && haveCommonChar(x, y))
      open.push([repeats(x) ? i : i + 1, repeats(y) ? j : j + 1]);
  }
  return false;
}

/** May stand for nothing and for many. */
const repeats = ({ kind }: GlobToken): boolean => kind === "star" || kind === "globstar" || kind === "segments";
const staysInSegment = ({ kind }: GlobToken): boolean => kind === "star" || kind === "one" || kind === "class";

function haveCommonChar(x: GlobToken, y: GlobToken): boolean {
  if (x.kind === "char" && y.kind === "char") return foldCode(x.code) === foldCode(y.code);
  if (x.kind === "char") return !(staysInSegment(y) && x.code === SLASH);
  if (y.kind === "char") return !(staysInSegment(x) && y.code === SLASH);
  return true;
}
