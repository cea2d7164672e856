import { z } from "zod";
import { defineVerb } from "../verb.ts";

export const markSentInput = z.strictObject({ orgId: z.uuid().optional(), planId: z.uuid() });

export const markSent = defineVerb({
  name: "plan.markSent",
  kind: "mutation",
  gate: { by: "hub" },
  input: markSentInput,
  run: async (): Promise<{ ok: boolean }> => {
    throw new Error("not written yet");
  },
});
