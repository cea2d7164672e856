/** In which reading of the path a deny rule holds. */

import { canonicalPattern } from "../engine/clause.ts";
import type { JudgedTarget } from "../engine/target.ts";
import { compileGlob } from "../glob.ts";
import type { Clause } from "../model.ts";

/** A sentence for a reading that differs from what was sent; null when the rule's path matches the path as it is. */
export function readingOf(clause: Clause, target: JudgedTarget): string | null {
  if (clause.path === undefined) return null;
  const pattern = canonicalPattern(clause.path);
  const exact = compileGlob(pattern, { separator: "/" });
  const anyCase = compileGlob(pattern, { separator: "/", ignoreCase: true });
  if (exact(target.path)) return null;
  for (const [path, how] of target.denyPaths.map((one) => [one, howOf(one, target.path)] as const))
    if (exact(path)) return `It holds for the path read ${how}: ${path}.`;
  for (const [path, how] of target.denyPaths.map((one) => [one, howOf(one, target.path)] as const))
    if (anyCase(path))
      return path === target.path
        ? `It holds for the path in another case of the letters: ${path}.`
        : `It holds for the path in another case of the letters and read ${how}: ${path}.`;
  return null;
}

function howOf(path: string, sent: string): string {
  if (path === `${sent}/`) return "with a slash at its end";
  if (sent === `${path}/`) return "without the slash at its end";
  return "decoded";
}
