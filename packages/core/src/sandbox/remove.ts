import { z } from "zod";
import { defineVerb } from "../verb.ts";

export const removeInput = z.strictObject({ sandboxId: z.uuid() });

export const remove = defineVerb({
  name: "sandbox.remove",
  kind: "mutation",
  gate: { by: "person", action: "delete", on: "sandbox" },
  input: removeInput,
  run: async (): Promise<{ ok: true }> => {
    throw new Error("not written yet");
  },
});
