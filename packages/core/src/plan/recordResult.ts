import { z } from "zod";
import { defineVerb } from "../verb.ts";

export const recordResultInput = z.strictObject({
  planId: z.uuid(),
  generation: z.number().int().nonnegative(),
  ok: z.boolean(),
  reason: z.string().max(2048).nullable(),
});

export const recordResult = defineVerb({
  name: "plan.recordResult",
  kind: "mutation",
  gate: { by: "node" },
  input: recordResultInput,
  run: async (): Promise<{ ok: boolean }> => {
    throw new Error("not written yet");
  },
});
