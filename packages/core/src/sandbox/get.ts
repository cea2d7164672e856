import { z } from "zod";
import { defineVerb } from "../verb.ts";
import type { SandboxView } from "../views.ts";

export const getInput = z.strictObject({ sandboxId: z.uuid() });

export const get = defineVerb({
  name: "sandbox.get",
  kind: "query",
  gate: { by: "person", action: "read", on: "sandbox" },
  input: getInput,
  run: async (): Promise<SandboxView> => {
    throw new Error("not written yet");
  },
});
