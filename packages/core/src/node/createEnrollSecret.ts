import { z } from "zod";
import { ENROLL_TTL_MINUTES_MAX, slugSchema } from "../limits.ts";
import { defineVerb } from "../verb.ts";

export const createEnrollSecretInput = z.strictObject({
  /** The only name the node may take; any free one when absent. */
  nodeName: slugSchema.optional(),
  ttlMinutes: z.number().int().min(1).max(ENROLL_TTL_MINUTES_MAX).default(ENROLL_TTL_MINUTES_MAX),
});

export const createEnrollSecret = defineVerb({
  name: "node.createEnrollSecret",
  kind: "mutation",
  gate: { by: "person", action: "create", on: "enroll_secret" },
  input: createEnrollSecretInput,
  run: async (): Promise<{ id: string; uri: string; expiresAt: string }> => {
    throw new Error("not written yet");
  },
});
