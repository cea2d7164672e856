import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A server that only tests need: where it is, and what its environment must hold to run it. */
export interface Program {
  path: string;
  env: Record<string, string>;
}

const cache = fileURLToPath(new URL("../.cache/", import.meta.url));
const FETCH_TIMEOUT_MS = 120_000;

/**
 * A program that is on PATH, or one unpacked without root from Debian's or Ubuntu's packages into `.cache/FOLDER`.
 * Package names that a release does not have are left out, so `packages` may name the libraries of several releases.
 *
 * @throws where it is neither installed nor to be had; the message says `remedy`.
 */
export function findProgram(wanted: {
  names: readonly string[];
  folder: string;
  packages: readonly string[];
  remedy: string;
}): Program {
  for (const name of wanted.names)
    if (spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0) return { path: name, env: {} };
  const unpacked = join(cache, wanted.folder);
  if (!existsSync(join(unpacked, "usr"))) unpack(unpacked, wanted.packages);
  const path = wanted.names
    .flatMap((name) => ["bin", "sbin"].map((folder) => join(unpacked, "usr", folder, name)))
    .find((candidate) => existsSync(candidate));
  if (path === undefined) throw new Error(wanted.remedy);
  // Debian 12 still has some libraries below /lib.
  const folders = ["usr/lib", "lib"]
    .map((library) => join(unpacked, library))
    .filter((library) => existsSync(library))
    .flatMap((library) =>
      readdirSync(library).flatMap((name) => (name.endsWith("-linux-gnu") ? join(library, name) : [])),
    );
  return { path, env: { LD_LIBRARY_PATH: folders.join(":") } };
}

function unpack(into: string, packages: readonly string[]): void {
  const downloads = join(into, "downloads");
  mkdirSync(downloads, { recursive: true });
  for (const name of packages)
    spawnSync("apt-get", ["download", name], { cwd: downloads, stdio: "ignore", timeout: FETCH_TIMEOUT_MS });
  for (const file of readdirSync(downloads).filter((name) => name.endsWith(".deb")))
    execFileSync("dpkg", ["-x", join(downloads, file), into], { stdio: "ignore" });
}
