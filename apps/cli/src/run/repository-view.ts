/**
 * What in a repository makes git start programs, for a person to look at. The agent wrote all of it: links are not followed, nothing but
 * plain files is opened, and the list is a help for the eye, not a proof that the rest is harmless.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";

/** A person reads no more, and a config of git is a few hundred bytes. */
const LISTED_MAX = 20;
const CONFIG_BYTES_MAX = 64 * 1024;

export interface RepositoryView {
  /** Files that git may run. */
  hooks: string[];
  /** Settings beyond those that `git init`, `git clone` and a first commit write; `?` for a line that could not be read. */
  settings: string[];
  /** Files that lead git to settings elsewhere. */
  elsewhere: string[];
}

const USUAL =
  /^(core\.(repositoryformatversion|filemode|bare|logallrefupdates|ignorecase|symlinks|precomposeunicode)|remote\..*\.(url|fetch)|branch\..*\.(remote|merge)|user\.(name|email))$/;
const ELSEWHERE = ["commondir", "config.worktree", "modules", "worktrees"];

export function lookAt(folder: string): RepositoryView {
  return {
    hooks: hooksOf(join(folder, "hooks")),
    settings: settingsOf(join(folder, "config")),
    elsewhere: ELSEWHERE.filter((name) => lstatSync(join(folder, name), { throwIfNoEntry: false }) !== undefined),
  };
}

function hooksOf(folder: string): string[] {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  if (found === undefined) return [];
  if (!found.isDirectory()) return ["hooks is no folder"];
  return readdirSync(folder)
    .filter((name) => !name.endsWith(".sample"))
    .slice(0, LISTED_MAX);
}

function settingsOf(file: string): string[] {
  const text = plainText(file);
  if (text === null) return ["?"];
  const unusual = new Set<string>();
  let section = "";
  for (const raw of text.split("\n")) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#") || line.startsWith(";")) continue;
    const header = /^\[\s*([\w.-]+)(?:\s+"([^"\\]*)")?\s*\]$/.exec(line);
    const key = /^([A-Za-z][\w-]*)\s*(?:=(.*))?$/.exec(line);
    if (header !== null) section = [header[1], header[2]].filter((part) => part !== undefined).join(".");
    // A line that goes on in the next one could hide a section from this reading.
    else if (key === null || line.endsWith("\\")) unusual.add("?");
    else if (!USUAL.test(`${section}.${key[1]}`.toLowerCase())) unusual.add(`${section}.${key[1]}`);
  }
  return [...unusual].slice(0, LISTED_MAX);
}

/** "" where there is no file; null for what is no plain, small file. */
function plainText(file: string): string | null {
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return "";
  let descriptor: number;
  try {
    // A pipe would be waited for otherwise.
    descriptor = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch {
    return null;
  }
  try {
    const { size } = fstatSync(descriptor);
    if (!fstatSync(descriptor).isFile() || size > CONFIG_BYTES_MAX) return null;
    const bytes = Buffer.alloc(size);
    return bytes.toString("utf8", 0, readSync(descriptor, bytes, 0, size, 0));
  } finally {
    closeSync(descriptor);
  }
}
