import { z } from "zod";
import { defineVerb } from "../verb.ts";

export const sweepInput = z.strictObject({});

export const sweep = defineVerb({
  name: "plan.sweep",
  kind: "mutation",
  gate: { by: "system" },
  input: sweepInput,
  run: async (): Promise<{ plans: number; commands: number }> => {
    throw new Error("not written yet");
  },
});
