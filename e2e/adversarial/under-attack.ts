/** The contender and stage of this run, for cases that look at Creel's own parts while they attack. */
import { setTimeout as delay } from "node:timers/promises";
import type { creel, Sandbox } from "./contenders/creel.ts";
import type { Stage } from "./stage.ts";

type Ours = ReturnType<typeof creel>;
let held: { ours: Ours; stage: Stage } | null = null;

function need(): { ours: Ours; stage: Stage } {
  if (held === null) throw new Error("no sandbox is under attack");
  return held;
}

export const current = {
  set(ours: Ours, stage: Stage): void {
    held = { ours, stage };
  },
  sandbox: (): Sandbox => need().ours.sandbox(),
  ours: (): Ours => need().ours,
};

const POLL_MS = 10;
/** Only what never comes takes so long. */
const WAIT_MS = 30_000;

/** Waits until it is so; an attack that never gets as far is told by its witness. */
export async function until(isSo: () => boolean): Promise<void> {
  for (const end = Date.now() + WAIT_MS; Date.now() < end && !isSo(); ) await delay(POLL_MS);
}
