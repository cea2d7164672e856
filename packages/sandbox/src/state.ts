import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

export const exitCauses = [
  "exit",
  "signal",
  "memory",
  "workspace",
  "processes",
  "lifetime",
  "idle",
  "stopped",
  "killed",
  "quarantine",
  "lost",
] as const;
/** Why a sandbox ended: by itself (`exit`, `signal`), at a limit, by somebody outside, or nobody knows (`lost`). */
export type ExitCause = (typeof exitCauses)[number];

const exitSchema = z.object({
  exitCode: z.number().int().nullable(),
  signal: z.number().int().nullable(),
  /** `exited` by itself, `stopped` by us, `lost` when its first process vanished. */
  reason: z.enum(["exited", "stopped", "lost"]),
  startedMs: z.number(),
  endedMs: z.number(),
  /** Absent in records of an older launcher. */
  cause: z.enum(exitCauses).optional(),
  /** Of a limit that ended it, what was allowed and what was used; 0 where nothing was counted. */
  limit: z.number().default(0),
  used: z.number().default(0),
  unit: z.enum(["bytes", "files"]).default("bytes"),
  /** Processes and threads that the kernel refused at `limits.processes`; null where nobody counted. */
  refusedForks: z.number().int().nonnegative().nullable().default(null),
});
export type SandboxExit = z.infer<typeof exitSchema>;

/** How the last run in this state directory ended; null while it runs, or when the shim itself was killed. */
export async function readExit(stateDir: string): Promise<SandboxExit | null> {
  const text = await readFile(join(stateDir, "exit.json"), "utf8").catch(() => null);
  if (text === null) return null;
  const parsed = exitSchema.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : null;
}

export interface LogChunk {
  /** Offset of the first byte of `data`, counted over all rotations. */
  offset: number;
  data: Buffer;
  nextOffset: number;
  /** Bytes between the asked offset and `offset` that rotation has already dropped. */
  dropped: number;
}

const LOG_CHUNK_BYTES = 64 * 1024;
/** Rotations happen once in megabytes; a reader that meets this many in a row is not reading a log of ours. */
const TRIES_MAX = 5;

/** Reads what a sandbox wrote, across one rotation. Never throws for a log that does not exist yet. */
export async function readLog(
  stateDir: string,
  { afterOffset = 0, bytesMax = LOG_CHUNK_BYTES }: { afterOffset?: number; bytesMax?: number } = {},
): Promise<LogChunk> {
  for (let attempt = 0; attempt < TRIES_MAX; attempt++) {
    const base = await baseOf(stateDir);
    const older =
      afterOffset < base ? await piece(join(stateDir, "log.1"), { end: base }, afterOffset, bytesMax) : null;
    const chunk = older ?? (await piece(join(stateDir, "log"), { start: base }, afterOffset, bytesMax));
    if ((await baseOf(stateDir)) === base && chunk) return chunk;
  }
  return { offset: afterOffset, data: Buffer.alloc(0), nextOffset: afterOffset, dropped: 0 };
}

async function baseOf(stateDir: string): Promise<number> {
  const text = await readFile(join(stateDir, "log.offset"), "utf8").catch(() => "0");
  return Number.parseInt(text, 10) || 0;
}

/** `where` says at which offset the file's first byte lies, or its end. */
async function piece(
  path: string,
  where: { start: number } | { end: number },
  after: number,
  bytesMax: number,
): Promise<LogChunk | null> {
  const file = await open(path, "r").catch(() => null);
  if (!file) return null;
  try {
    const { size } = await file.stat();
    const first = "start" in where ? where.start : where.end - size;
    const offset = Math.min(Math.max(after, first), first + size);
    const buffer = Buffer.alloc(Math.min(bytesMax, first + size - offset));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, offset - first);
    const data = buffer.subarray(0, bytesRead);
    return { offset, data, nextOffset: offset + bytesRead, dropped: Math.max(0, offset - after) };
  } finally {
    await file.close();
  }
}
