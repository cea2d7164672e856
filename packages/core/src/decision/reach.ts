import { z } from "zod";
import { defineVerb } from "../verb.ts";
import type { ReachedHost } from "../views.ts";

export const reachInput = z.strictObject({ sandboxId: z.uuid() });

export const reach = defineVerb({
  name: "decision.reach",
  kind: "query",
  gate: { by: "person", action: "read", on: "decision" },
  input: reachInput,
  run: async (): Promise<{ hosts: ReachedHost[] }> => {
    throw new Error("not written yet");
  },
});
