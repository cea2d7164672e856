import { z } from "zod";
import { defineVerb } from "../verb.ts";
import type { SandboxView } from "../views.ts";

export const startInput = z.strictObject({ sandboxId: z.uuid() });

export const start = defineVerb({
  name: "sandbox.start",
  kind: "mutation",
  gate: { by: "person", action: "operate", on: "sandbox" },
  input: startInput,
  run: async (): Promise<SandboxView> => {
    throw new Error("not written yet");
  },
});
