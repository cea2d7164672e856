/**
 * Threat: two starts of one program at the same instant both go on, each sure to be alone: two node agents launch every
 * sandbox twice, two installations delete each other's files. And a lock left by a program that was killed, whose number
 * another process has by now, keeps everybody out for ever.
 *
 * Invariant: a lock file is there whole or not at all (it is linked, never written in place), names its owner by number
 * and start, is held by it with a flock (`owner.ts`), and is removed by that owner alone. A dead owner's file is removed
 * only by who holds the lock named after that dead owner, and only while the file still names it: so nobody removes what
 * another has just taken.
 */
import { randomBytes } from "node:crypto";
import { closeSync, linkSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { judge, ownText, takeFlock } from "./owner.ts";
import { type ProcessId, parseProcessId } from "./process-id.ts";

/** Each lost to another taker of this very moment; whoever loses so often finds a living owner. */
const ATTEMPTS_MAX = 100;
/** A lock of a dead taker of a dead owner's lock, and so on: each level is a program killed within microseconds. */
const DEPTH_MAX = 8;
const POLL_MS = 100;

/** The lock cannot be judged: `message` names the file and why. */
export class LockError extends Error {
  override name = "LockError";
}

export interface Lock {
  /** Once; a file that names another by then, because people removed ours, stays. */
  release(): void;
}
export type Take = { lock: Lock; owner: null } | { lock: null; owner: ProcessId };

/**
 * Takes the lock at once, or says which living process has it; this process itself counts too.
 * @throws LockError where the file cannot be read or made.
 */
export function takeLock(path: string): Take {
  const mine = `${path}.${randomBytes(6).toString("hex")}`;
  let fd: number | null = null;
  try {
    const running = livingOwner(path);
    if (running !== null) return { lock: null, owner: running };
    fd = openSync(mine, "wx", 0o600);
    const text = ownText({ flocked: takeFlock(fd) });
    if (text === null) throw new LockError(`${path}: /proc does not show this process, so no lock can name it`);
    writeSync(fd, text);
    const taken = take({ path, mine, text, depth: 0 });
    if (taken.lock === null) return taken;
    const held = fd;
    fd = null;
    return { lock: { release: once(() => release({ path, text, fd: held })) }, owner: null };
  } catch (error) {
    throw error instanceof LockError ? error : new LockError(`${path}: ${said(error)}`, { cause: error });
  } finally {
    rmSync(mine, { force: true });
    // What was not taken is held by nobody.
    if (fd !== null) closeSync(fd);
  }
}

/** Who has it, where that is seen at a glance; most who ask find one who does. */
function livingOwner(path: string): ProcessId | null {
  const found = read(path);
  const owner = found === null ? null : parseProcessId(found);
  return found !== null && owner !== null && judge(path, found) === "lives" ? owner : null;
}

/** `mine`: the whole file that is linked into place. */
interface Taking {
  path: string;
  mine: string;
  text: string;
  depth: number;
}

type Taken = { lock: { giveBack(): void }; owner: null } | { lock: null; owner: ProcessId };

function take({ path, mine, text, depth }: Taking): Taken {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    if (linked(mine, path)) return { lock: { giveBack: () => remove(path, text) }, owner: null };
    const found = read(path);
    if (found === null) continue;
    const owner = parseProcessId(found);
    const verdict = judge(path, found);
    if (verdict === "changed") continue;
    if (verdict === "lives" && owner !== null) return { lock: null, owner };
    if (verdict === "unknown")
      throw new LockError(
        `${path}: process ${owner?.pid ?? "?"} of another container or namespace may hold it, and this host has no flock to tell; install util-linux, or remove the file when that one has ended`,
      );
    if (depth === DEPTH_MAX) throw new LockError(`${path}: left over by programs that were killed; remove it`);
    // Who takes a dead owner's file away now is as good as the owner: it is about to try for the lock as well.
    const claim = take({ path: claimOf(path, owner), mine, text, depth: depth + 1 });
    if (claim.lock === null) return claim;
    remove(path, found);
    claim.lock.giveBack();
  }
  throw new LockError(`${path}: changes hands too often to be taken`);
}

const claimOf = (path: string, dead: ProcessId | null): string =>
  `${path}.${dead === null ? "unreadable" : `${dead.pid}-${dead.startTicks}`}`;

function release({ path, text, fd }: { path: string; text: string; fd: number }): void {
  remove(path, text);
  closeSync(fd);
}

/** Only while it still says so. */
function remove(path: string, text: string): void {
  if (read(path) === text) rmSync(path, { force: true });
}

/** The number of a closed file is soon another's. */
function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}

export interface Waiting {
  /** How long at most; past it the wait ends with a LockError that names the owner. */
  waitMsMax: number;
  /** Told once for each owner that is waited for. */
  onWait?: (owner: ProcessId) => void;
}

/** Waits for its turn; whoever waits is not served in order. */
export async function waitForLock(path: string, { waitMsMax, onWait }: Waiting): Promise<Lock> {
  const deadline = Date.now() + waitMsMax;
  let told: number | null = null;
  for (;;) {
    const { lock, owner } = takeLock(path);
    if (lock !== null) return lock;
    if (told !== owner.pid) onWait?.(owner);
    told = owner.pid;
    if (Date.now() >= deadline)
      throw new LockError(`${path}: process ${owner.pid} has held it for over ${Math.round(waitMsMax / 1000)} s`);
    await delay(POLL_MS);
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Null where there is none. A file that may not be read is an error: its owner may live. */
function read(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);
const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));
