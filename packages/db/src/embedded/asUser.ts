import { spawnSync } from "node:child_process";
import { chownSync, lstatSync, readdirSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";

/** Nothing of our own environment reaches the database server; it needs a PATH for `unshare` alone. */
const variables = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };
/** A framework's types may declare variables that every environment must hold; a database server needs none of them. */
export const serverEnv = variables as Partial<NodeJS.ProcessEnv> as NodeJS.ProcessEnv;

/** The overflow uid: it has a name in every /etc/passwd, which initdb insists on. */
const NOBODY = 65534;
const PROBE_TIMEOUT_MS = 5_000;

export interface RunAs {
  /** The command to run instead of `[file, ...args]`. */
  wrap(file: string, args: readonly string[]): { file: string; args: string[] };
  /** Makes a folder usable by whoever the server runs as. */
  own(folder: string): void;
}

const works = (file: string, args: string[]): boolean =>
  spawnSync(file, args, { env: serverEnv, stdio: "ignore", timeout: PROBE_TIMEOUT_MS }).status === 0;

/** Containers are often started under an id that no /etc/passwd knows, and initdb insists on a name. */
function hasName(): boolean {
  try {
    return userInfo().username.length > 0;
  } catch {
    return false;
  }
}

/**
 * Postgres refuses to run as root, or as an id without a name. A user namespace in which we are nobody satisfies it without a second user on the
 * machine, and files stay ours, so it works under a home that others cannot read. Where namespaces are refused, nobody
 * itself must do, and then the data must belong to it.
 */
export function chooseRunAs(): RunAs {
  const root = process.getuid?.() === 0;
  if (!root && hasName()) return { wrap: (file, args) => ({ file, args: [...args] }), own: () => {} };
  const map = ["--user", `--map-user=${NOBODY}`, `--map-group=${NOBODY}`];
  if (works("unshare", [...map, "true"]))
    return { wrap: (file, args) => ({ file: "unshare", args: [...map, "--", file, ...args] }), own: () => {} };
  if (!root)
    throw new Error(
      `initdb needs a name for user id ${process.getuid?.()}, and unshare does not work here. Give the id an entry in /etc/passwd, or set DATABASE_URL.`,
    );
  const drop = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
  if (works("setpriv", [...drop, "true"]))
    return {
      wrap: (file, args) => ({ file: "setpriv", args: [...drop, "--", file, ...args] }),
      own: (folder) => chownAll(folder),
    };
  throw new Error(
    "Postgres refuses to run as root, and neither unshare nor setpriv works here. Run as an ordinary user, install util-linux, or set DATABASE_URL.",
  );
}

function chownAll(path: string): void {
  chownSync(path, NOBODY, NOBODY);
  if (!lstatSync(path).isDirectory()) return;
  for (const entry of readdirSync(path)) chownAll(join(path, entry));
}
