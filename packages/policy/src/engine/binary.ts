/**
 * Who asks. Threat: a program that borrows an allowed one's name, hash or parentage. Invariant: path by exact match or glob, a pinned
 * hash must be known and equal, parents count only where the policy says `inherit: true`.
 */

import type { GlobMatcher } from "../glob/types.ts";
import { compileGlob, hasWildcard } from "../glob.ts";
import { ANCESTORS_MAX } from "../limits.ts";
import type { Binary } from "../model.ts";

export interface Caller {
  binary: string;
  sha256: string | undefined;
  script: string | undefined;
  ancestors: readonly string[];
  /** Its own code may be somebody else's: only what names every program names it. */
  nameless: boolean;
}

/** Names every program, whoever it is. */
const EVERY_PROGRAM = "/**";

export interface CompiledBinary {
  /** The path when it is no glob, for the index. */
  exact: string | null;
  inherit: boolean;
  matches(caller: Caller): boolean;
}

export function compileBinary(binary: Binary): CompiledBinary {
  const path = compileGlob(binary.path, { separator: "/" });
  const script: GlobMatcher | null =
    binary.script === undefined ? null : compileGlob(binary.script, { separator: "/" });
  // Of parents only the path is known, so a pin or a script can vouch for the caller itself alone.
  const inherit = binary.inherit === true && binary.sha256 === undefined && script === null;
  return {
    exact: hasWildcard(binary.path) ? null : binary.path,
    inherit,
    matches(caller) {
      if (caller.nameless) return binary.path === EVERY_PROGRAM && binary.sha256 === undefined && script === null;
      const self =
        path(caller.binary) &&
        (binary.sha256 === undefined || caller.sha256 === binary.sha256) &&
        (script === null || (caller.script !== undefined && script(caller.script)));
      return self || (inherit && caller.ancestors.slice(0, ANCESTORS_MAX).some(path));
    },
  };
}

/** The kernel reports absolute paths without dot segments; anything else was not vouched for by it. */
export const isVouchedPath = (path: string): boolean =>
  path.startsWith("/") && !path.includes("\0") && (!path.includes("/.") || !/(^|\/)\.\.?(\/|$)/.test(path));
