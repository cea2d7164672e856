import { z } from "zod";
import { defineVerb } from "../verb.ts";

export const disconnectedInput = z.strictObject({});

export const disconnected = defineVerb({
  name: "node.disconnected",
  kind: "mutation",
  gate: { by: "node" },
  input: disconnectedInput,
  run: async (): Promise<{ ok: true }> => {
    throw new Error("not written yet");
  },
});
