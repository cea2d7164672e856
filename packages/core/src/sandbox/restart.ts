import { z } from "zod";
import { defineVerb } from "../verb.ts";
import type { SandboxView } from "../views.ts";

export const restartInput = z.strictObject({ sandboxId: z.uuid() });

export const restart = defineVerb({
  name: "sandbox.restart",
  kind: "mutation",
  gate: { by: "person", action: "operate", on: "sandbox" },
  input: restartInput,
  run: async (): Promise<SandboxView> => {
    throw new Error("not written yet");
  },
});
