import { LOG_CHUNK_BYTES_MAX } from "@creel/protocol";
import { z } from "zod";
import { defineVerb } from "../verb.ts";

export const appendLogInput = z.strictObject({
  sandboxId: z.uuid(),
  incarnation: z.number().int().nonnegative(),
  offset: z.number().int().nonnegative(),
  data: z.string().max(LOG_CHUNK_BYTES_MAX * 2),
  dropped: z.number().int().nonnegative(),
});

export const appendLog = defineVerb({
  name: "sandbox.appendLog",
  kind: "mutation",
  gate: { by: "node" },
  input: appendLogInput,
  run: async (): Promise<{ ok: true }> => {
    throw new Error("not written yet");
  },
});
