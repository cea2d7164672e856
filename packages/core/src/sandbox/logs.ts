import { z } from "zod";
import { LOG_PAGE_MAX } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import type { LogChunk } from "../views.ts";

export const logsInput = z.strictObject({
  sandboxId: z.uuid(),
  /** Only what follows this place; the newest page when absent. */
  afterOffset: z.number().int().nonnegative().optional(),
  limit: z.number().int().min(1).max(LOG_PAGE_MAX).default(LOG_PAGE_MAX),
});

export const logs = defineVerb({
  name: "sandbox.logs",
  kind: "query",
  gate: { by: "person", action: "read", on: "sandbox" },
  input: logsInput,
  run: async (): Promise<{ chunks: LogChunk[]; nextOffset: number }> => {
    throw new Error("not written yet");
  },
});
