import { z } from "zod";
import { defineVerb } from "../verb.ts";
import type { SandboxView } from "../views.ts";

export const stopInput = z.strictObject({ sandboxId: z.uuid() });

export const stop = defineVerb({
  name: "sandbox.stop",
  kind: "mutation",
  gate: { by: "person", action: "operate", on: "sandbox" },
  input: stopInput,
  run: async (): Promise<SandboxView> => {
    throw new Error("not written yet");
  },
});
