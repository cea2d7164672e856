/**
 * What of the host is shown to a sandbox so that a program installed outside of /usr runs inside.
 *
 * Threat: with a program comes what lies beside it: keys, sessions, other projects of the same home folder. Invariant: never the home
 * folder, nor a folder that people put anything into; only a folder that an installer made for programs, else the one file. All of it
 * is read-only, under the path that it has outside.
 */
import { closeSync, existsSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";

export interface Shown {
  /** Paths of the host, files or folders, to be seen inside read-only under the same path. */
  paths: string[];
  /** Folders to search for programs inside. */
  folders: string[];
}

/** Folders that a user fills with anything; never shown whole. */
const GATHERING = new Set([
  ...[
    "/",
    "/opt",
    "/etc",
    "/var",
    "/home",
    "/root",
    "/srv",
    "/mnt",
    "/media",
    "/tmp",
    "/run",
    "/data",
    "/nix",
    "/snap",
  ],
]);
const GATHERING_IN_HOME = [
  "",
  ".local",
  ".local/share",
  ".local/lib",
  ".local/state",
  ".config",
  ".cache",
  "bin",
  "snap",
];

const lies = (path: string, folder: string): boolean =>
  path === folder || path.startsWith(folder === "/" ? "/" : folder + sep);

export interface HostFolders {
  /** The user's own. */
  home: string;
}

function gathers(folder: string, { home }: HostFolders): boolean {
  if (GATHERING.has(folder) || lies(home, folder)) return true;
  return GATHERING_IN_HOME.some((name) => folder === join(home, name));
}

/** What to show for a program, given as the path of its real file. */
export function installationOf(file: string, host: HostFolders): string {
  const modules = `${sep}node_modules${sep}`;
  const at = file.indexOf(modules);
  // The whole folder: npm lays what a package needs beside it. pnpm and yarn link within it.
  if (at !== -1) return file.slice(0, at + modules.length - 1);
  const folder = dirname(file);
  if (
    basename(file) === "node" &&
    basename(folder) === "bin" &&
    isNodePrefix(dirname(folder)) &&
    !gathers(dirname(folder), host)
  )
    return dirname(folder);
  if (!isForPrograms(folder, host)) return file;
  return isVersionPrefix(dirname(folder), host) ? dirname(folder) : folder;
}

/** A folder made by Node's own archives and by every version manager: Node, npm and the programs installed with it. */
const isNodePrefix = (prefix: string): boolean =>
  existsSync(join(prefix, "lib/node_modules/npm/package.json")) && existsSync(join(prefix, "include/node/node.h"));

/**
 * `~/.pyenv/versions/3.12.1`, `~/.asdf/installs/ruby/3.3.0`, `~/.local/share/uv/python/NAME`: one version with its libraries, which its
 * programs look for beside `bin`. Never as high up as a tool's own folder, where its settings lie.
 */
function isVersionPrefix(prefix: string, { home }: HostFolders): boolean {
  const way = relative(home, prefix).split(sep);
  return way.length >= 3 && way[0] !== ".config" && existsSync(join(prefix, "bin")) && existsSync(join(prefix, "lib"));
}

/** `~/.opencode/bin`, `~/.local/share/claude/versions`, `/opt/tool/bin`: made by an installer, not by a person's hand. */
function isForPrograms(folder: string, host: HostFolders): boolean {
  if (gathers(folder, host)) return false;
  if (lies(folder, "/opt")) return true;
  const inHome = relative(host.home, folder).split(sep);
  if (inHome[0] === "..") return false;
  if (inHome[0] === ".local" && inHome[1] === "share") return inHome.length >= 3;
  return inHome[0]?.startsWith(".") === true && inHome.at(-1) === "bin" && inHome[0] !== ".local";
}

const SHEBANG_BYTES_MAX = 256;

/** The words of a script's first line, or null for anything else. */
export function shebangOf(file: string): string[] | null {
  const bytes = Buffer.alloc(SHEBANG_BYTES_MAX);
  let length = 0;
  try {
    const descriptor = openSync(file, "r");
    try {
      length = readSync(descriptor, bytes, 0, SHEBANG_BYTES_MAX, 0);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return null;
  }
  const text = bytes.toString("utf8", 0, length);
  if (!text.startsWith("#!")) return null;
  return (text.slice(2).split("\n", 1)[0] ?? "").trim().split(/\s+/);
}

export function realFile(path: string): string | null {
  try {
    const real = realpathSync(path);
    return statSync(real).isFile() ? real : null;
  } catch {
    return null;
  }
}
