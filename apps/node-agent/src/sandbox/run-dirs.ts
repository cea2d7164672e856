import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { PRIVATE_DIR_MODE } from "../files.ts";

/** A Unix socket's path ends at 107 bytes; what stands after this folder needs a uuid and a file name. */
const BASE_BYTES_MAX = 40;

/**
 * The short folder for the sockets of one node's sandboxes. Threat: another user of the host made it first, in a place all may write.
 * Invariant: it is a folder, ours, and closed to others, or nothing is started.
 */
export function runRoot(nodeDir: string): string {
  const uid = process.getuid?.() ?? 0;
  const hash = createHash("sha256")
    .update(realpathSync(resolve(nodeDir)))
    .digest("hex")
    .slice(0, 8);
  const name = `creel-${uid}-${hash}`;
  const temporary = tmpdir();
  const root = join(Buffer.byteLength(temporary) <= BASE_BYTES_MAX - name.length ? temporary : "/tmp", name);
  return ownDir(root);
}

/** Makes a folder of ours, or insists that it is. */
export function ownDir(path: string): string {
  mkdirSync(path, { recursive: true, mode: PRIVATE_DIR_MODE });
  const stat = lstatSync(path);
  if (!stat.isDirectory() || stat.uid !== (process.getuid?.() ?? 0))
    throw new Error(`${path} belongs to somebody else. Remove it, or set TMPDIR to a folder of this user.`);
  chmodSync(path, PRIVATE_DIR_MODE);
  return path;
}
