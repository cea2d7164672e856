import { z } from "zod";
import type { NodeActor } from "../context.ts";
import { defineVerb } from "../verb.ts";

export const authenticateInput = z.strictObject({ certificatePem: z.string().max(16_384) });

export const authenticate = defineVerb({
  name: "node.authenticate",
  kind: "query",
  gate: { by: "system" },
  input: authenticateInput,
  run: async (): Promise<NodeActor | null> => {
    throw new Error("not written yet");
  },
});
