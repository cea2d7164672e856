import { dirname } from "node:path";
import { sandboxPhases } from "@creel/protocol";
import { z } from "zod";
import { privateDir, readIfThere, writeAtomic } from "../files.ts";

const savedSchema = z.object({
  phase: z.enum(sandboxPhases),
  reason: z.string(),
  /** -1 before the first launch. */
  incarnation: z.number().int(),
  startedAt: z.iso.datetime().nullable(),
  exitCode: z.number().int().nullable(),
  restarts: z.number().int().nonnegative(),
});
/** What of a sandbox's status must survive a restart of the node agent. */
export type SavedStatus = z.infer<typeof savedSchema>;

const NEW: SavedStatus = {
  phase: "pending",
  reason: "Waiting to be started.",
  incarnation: -1,
  startedAt: null,
  exitCode: null,
  restarts: 0,
};

export async function loadStatus(path: string): Promise<SavedStatus> {
  const text = await readIfThere(path);
  if (text === null) return NEW;
  const parsed = savedSchema.safeParse(tryJson(text));
  // A damaged file costs the count of restarts; whether the sandbox runs is asked of its shim.
  return parsed.success ? parsed.data : NEW;
}

export async function saveStatus(path: string, status: SavedStatus): Promise<void> {
  await privateDir(dirname(path));
  await writeAtomic(path, `${JSON.stringify(status)}\n`);
}

const tryJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};
