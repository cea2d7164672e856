import { z } from "zod";
import { defineVerb } from "../verb.ts";
import type { SandboxView } from "../views.ts";

export const listInput = z.strictObject({ nodeId: z.uuid().optional() });

export const list = defineVerb({
  name: "sandbox.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "sandbox" },
  input: listInput,
  run: async (): Promise<{ items: SandboxView[] }> => {
    throw new Error("not written yet");
  },
});
