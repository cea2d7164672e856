import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { root } from "./root.mjs";

const SKIPPED = new Set(["node_modules", "dist", "build", ".next", ".git", "test", "coverage", "test-results"]);

function* filesUnder(path) {
  let entries;
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if (error.code === "ENOTDIR") yield path;
    else if (error.code !== "ENOENT") throw error;
    return;
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (SKIPPED.has(entry.name) || entry.name === "next-env.d.ts" || entry.name.endsWith(".tsbuildinfo")) continue;
    if (entry.isDirectory()) yield* filesUnder(join(path, entry.name));
    else if (entry.isFile()) yield join(path, entry.name);
  }
}

/** Hash of the names and contents of everything under the given paths (relative to the root), tests and outputs left out. */
export function digestOf(paths, extra = "") {
  const hash = createHash("sha256").update(extra);
  for (const path of paths) {
    for (const file of filesUnder(join(root, path))) {
      hash.update(`\0${relative(root, file)}\0`).update(readFileSync(file));
    }
  }
  return hash.digest("hex");
}

/** True when `file` says that the work was finished for exactly this digest. */
export function isStamped(file, digest) {
  return existsSync(file) && readFileSync(file, "utf8").trim() === digest;
}

/** Before the work: an interruption in the middle must not look like a finished earlier run. */
export function clearStamp(file) {
  rmSync(file, { force: true });
}

/** After the work, in one rename so that a half-written stamp cannot exist. */
export function writeStamp(file, digest) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${digest}\n`);
  renameSync(`${file}.new`, file);
}
