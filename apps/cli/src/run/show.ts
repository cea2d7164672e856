import { existsSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { resolve, sep } from "node:path";
import { usageError } from "../exit.ts";
import { within } from "./workspace.ts";

/** Places that are made afresh inside; a path of the host laid over them would take something away. */
const MADE_INSIDE = [
  "/",
  "/proc",
  "/dev",
  "/etc",
  "/tmp",
  "/run",
  "/var",
  "/sandbox",
  "/usr",
  "/bin",
  "/sbin",
  "/lib",
  "/lib64",
];

/** Paths that the user shows by hand, read-only. @throws CliError for what must never be seen inside. */
export function showMounts(paths: readonly string[], creelHome: string): string[] {
  return paths.map((given) => {
    const path = resolve(given);
    if (!existsSync(path)) throw usageError(`${path} is not there`, "Name a file or folder that exists.", "--show");
    const real = realpathSync(path);
    if (MADE_INSIDE.includes(real))
      throw usageError(`${path} cannot be shown as a whole`, "Name what is needed of it.", "--show");
    for (const kept of [creelHome, "/tmp", tmpdir()].map((folder) =>
      existsSync(folder) ? realpathSync(folder) : folder,
    ))
      if (within(kept, real) || (kept === creelHome && within(real, kept)))
        throw usageError(`${path} holds Creel's own keys or sockets`, "Name a folder beside them.", "--show");
    return real;
  });
}

/** Without those that lie in another of them: it shows them already. */
export function outermost(paths: readonly string[]): string[] {
  const sorted = [...new Set(paths)].sort();
  return sorted.filter((path) => !sorted.some((other) => other !== path && path.startsWith(other + sep)));
}
