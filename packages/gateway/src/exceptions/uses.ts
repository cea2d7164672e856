/**
 * Which exceptions for once have been used. Threat: one use becomes two by a crash, a restart or a race. Invariant: a use is on the disk
 * before anything of it takes effect; one that cannot be written there is none, and counts as used in this process all the same.
 */
import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";

export interface ExceptionUses {
  isSpent(id: string): boolean;
  /** Rejects when it was spent already or the use cannot be written down. */
  spend(id: string): Promise<void>;
}

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** One empty file a use, named by the exception: a file that exists is the whole record, so nothing can be half written. */
export function openExceptionUses(options: {
  dir: string;
  /** Files older than this are removed: what they speak of has long ended. */
  keepMs: number;
  now: () => number;
}): ExceptionUses {
  const { dir, keepMs, now } = options;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const spent = new Set<string>();
  for (const id of readdirSync(dir)) {
    if (!ID.test(id)) continue;
    if (statSync(join(dir, id)).mtimeMs < now() - keepMs) rmSync(join(dir, id), { force: true });
    else spent.add(id);
  }
  return {
    isSpent: (id) => spent.has(id),
    async spend(id) {
      if (spent.has(id) || !ID.test(id)) throw new Error(`Exception ${id} was used already.`);
      // Before the first wait, so that two at once are one.
      spent.add(id);
      const file = await open(join(dir, id), "wx", 0o600);
      try {
        await file.sync();
      } finally {
        await file.close();
      }
      const folder = await open(dir, "r");
      try {
        await folder.sync();
      } finally {
        await folder.close();
      }
    },
  };
}

/** Where nobody keeps uses, nothing may be used once. */
export const NO_USES: ExceptionUses = {
  isSpent: () => true,
  spend: async (id) => {
    throw new Error(`Exception ${id} cannot be used: no place keeps what was used.`);
  },
};
