/** In which reading of the path a deny rule holds. */
import { canonicalPath, decode } from "../canonical/path.ts";
import { compileGlob } from "../glob.ts";
import type { Clause } from "../model.ts";
import type { PolicyRequest } from "../types.ts";

/** A sentence for a reading that differs from what was sent; null when the rule's path matches the path as it is. */
export function readingOf(clause: Clause, request: PolicyRequest): string | null {
  const sent = canonicalPath(request.path ?? "", { allowEncodedSlash: true })?.path;
  if (clause.path === undefined || sent === undefined) return null;
  const exact = compileGlob(clause.path, { separator: "/" });
  const anyCase = compileGlob(clause.path, { separator: "/", ignoreCase: true });
  if (exact(sent)) return null;
  const readings = readingsOf(sent);
  for (const [path, how] of readings) if (exact(path)) return `It holds for the path ${how}: ${path}.`;
  if (anyCase(sent)) return `It holds for the path in another case of the letters: ${sent}.`;
  for (const [path, how] of readings)
    if (anyCase(path)) return `It holds for the path ${how}, in another case of the letters: ${path}.`;
  return null;
}

function readingsOf(sent: string): [string, string][] {
  const decoded = decode(sent) ?? sent;
  const toggled = (path: string): [string, string] =>
    path.endsWith("/") && path.length > 1
      ? [path.slice(0, -1), "read without the slash at its end"]
      : [`${path}/`, "read with a slash at its end"];
  const [path, how] = toggled(decoded);
  return [toggled(sent), [decoded, "decoded"], [path, `decoded and ${how}`]];
}
