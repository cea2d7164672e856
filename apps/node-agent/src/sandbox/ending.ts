import { setTimeout as delay } from "node:timers/promises";
import type { StopCause } from "@creel/sandbox";
import { KILL_CUT_MS_MAX } from "../limits.ts";
import type { RunningSandbox, SandboxEnd } from "./runtime.ts";

/** A sandbox that is ending says so within a moment; null when it goes on running. */
const ENDING_MS_MAX = 500;
export async function endedSoon(sandbox: RunningSandbox): Promise<SandboxEnd | null> {
  return await Promise.race([sandbox.exited, delay(ENDING_MS_MAX, null)]);
}

/** Cuts the way out first, then ends everything inside; a gateway that does not answer delays it by no more than its bound. */
export async function killRunning(
  sandbox: RunningSandbox,
  { cut, cause }: { cut: () => Promise<void>; cause: StopCause },
): Promise<void> {
  await Promise.race([cut().catch(() => undefined), delay(KILL_CUT_MS_MAX)]);
  await sandbox.kill(cause);
}
