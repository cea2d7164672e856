import { z } from "zod";
import { defineVerb } from "../verb.ts";

export const renewInput = z.strictObject({ csrPem: z.string().max(8192) });

export const renew = defineVerb({
  name: "node.renew",
  kind: "mutation",
  gate: { by: "node" },
  input: renewInput,
  run: async (): Promise<{ certificatePem: string; expiresAt: string }> => {
    throw new Error("not written yet");
  },
});
