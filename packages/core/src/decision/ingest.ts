import { JOURNAL_BATCH_MAX, journalEntrySchema } from "@creel/protocol";
import { z } from "zod";
import { defineVerb } from "../verb.ts";

export const ingestInput = z.strictObject({ entries: z.array(journalEntrySchema).max(JOURNAL_BATCH_MAX) });

export const ingest = defineVerb({
  name: "decision.ingest",
  kind: "mutation",
  gate: { by: "node" },
  input: ingestInput,
  run: async (): Promise<{ stored: number; duplicates: number; refused: number; flows: number }> => {
    throw new Error("not written yet");
  },
});
