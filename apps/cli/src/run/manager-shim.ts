/**
 * Shims of version managers: one small program under many names that looks up, in files of the home folder and of the current one,
 * which version to start. None of that is seen inside; and it is not asked from here, because a file of an untrusted folder would say
 * what is started outside. So the person is told what to ask.
 */
import { basename, dirname } from "node:path";
import { CliError } from "../exit.ts";
import { realFile } from "./installation.ts";

/** Each answers `NAME which PROGRAM` with the program's own path. */
const MANAGERS = ["pyenv", "rbenv", "nodenv", "goenv", "jenv", "plenv", "phpenv", "asdf", "mise", "rtx", "volta"];
/** As in a shell: found, and not to be executed where it shall be. */
const NOT_EXECUTABLE = 126;

/** The manager whose shim this file is; null for a program of its own. */
export function managerOf(file: string): string | null {
  const manager = basename(basename(realFile(file) ?? file), "-shim");
  // A link to the manager itself, which goes by the name it was called by.
  if (MANAGERS.includes(manager) && basename(file) !== manager) return manager;
  if (basename(dirname(file)) !== "shims") return null;
  const owner = basename(dirname(dirname(file))).replace(/^\./, "");
  return MANAGERS.includes(owner) ? owner : null;
}

export const isShim = (file: string, manager: string): CliError =>
  new CliError(`${file} is a shim of ${manager}, which looks up outside of the sandbox which program to start`, {
    exitCode: NOT_EXECUTABLE,
    place: basename(file),
    remedy: `Name the program itself: in place of ${basename(file)} write "$(${manager} which ${basename(file)})".`,
  });
