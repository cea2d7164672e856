import { realpathSync } from "node:fs";
import { join, relative } from "node:path";

export interface MountPlace {
  source: string;
  target: string;
  mode: "ro" | "rw";
}

/**
 * Paths inside that lie on a read-only mount and yet show what the agent may write through another one: a read-only home
 * around a writable workspace, or the same directory twice. Code loaded from there counts as the agent's own.
 */
export function writableAliases(mounts: readonly MountPlace[]): string[] {
  const real = mounts.map((mount) => ({ ...mount, source: realPath(mount.source) }));
  const aliases = new Set<string>();
  for (const writable of real.filter(({ mode }) => mode === "rw")) {
    for (const { source, target } of real.filter(({ mode }) => mode === "ro")) {
      if (isWithin(writable.source, source)) aliases.add(join(target, relative(source, writable.source)));
      else if (isWithin(source, writable.source)) aliases.add(target);
    }
  }
  return [...aliases].map((path) => path.replace(/(?<=.)\/+$/, ""));
}

const isWithin = (path: string, directory: string): boolean =>
  path === directory || path.startsWith(directory.endsWith("/") ? directory : `${directory}/`);

/** A source that is not there fails the launch in the launcher, which says which one. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
