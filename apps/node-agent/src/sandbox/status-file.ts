import { dirname } from "node:path";
import { ENDS_KEPT_MAX, endCauses, sandboxEndSchema, sandboxPhases } from "@creel/protocol";
import { z } from "zod";
import { privateDir, readIfThere, writeAtomic } from "../files.ts";

const nullableNumber = z.number().nullable().default(null);
const savedSchema = z.object({
  phase: z.enum(sandboxPhases),
  reason: z.string(),
  /** -1 before the first launch. */
  incarnation: z.number().int(),
  startedAt: z.iso.datetime().nullable(),
  exitCode: z.number().int().nullable(),
  restarts: z.number().int().nonnegative(),
  cause: z.enum(endCauses).nullable().default(null),
  ends: z.array(sandboxEndSchema).max(ENDS_KEPT_MAX).default([]),
  /** The quarantine it is in; `releases` is the count of releases that it must grow beyond. */
  held: z
    .object({ reason: z.string(), since: z.iso.datetime(), releases: z.number().int().nonnegative() })
    .nullable()
    .default(null),
  /** Digest of a refused policy for which it was held and released: the same one holds it no second time. */
  excused: z.string().nullable().default(null),
  /** The bounds it was started with, which stand until it ends. */
  bounds: z
    .object({
      processes: nullableNumber,
      memoryBytes: nullableNumber,
      workspaceBytes: nullableNumber,
      workspaceFiles: nullableNumber,
      lifetimeSeconds: nullableNumber,
      idleSeconds: nullableNumber,
    })
    .nullable()
    .default(null),
  /** When it was last seen to do something, and how much it had written by then. */
  active: z.object({ atMs: z.number(), outputBytes: z.number() }).nullable().default(null),
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
  cause: null,
  ends: [],
  held: null,
  excused: null,
  bounds: null,
  active: null,
};

export async function loadStatus(path: string): Promise<SavedStatus> {
  const text = await readIfThere(path);
  if (text === null) return NEW;
  const parsed = savedSchema.safeParse(tryJson(text));
  // A damaged file costs the count of restarts; whether the sandbox runs is asked of its shim, whether it may run of the plan.
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
