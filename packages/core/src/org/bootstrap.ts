import { POLICY_BYTES_MAX } from "@creel/protocol";
import { z } from "zod";
import { passwordSchema, slugSchema } from "../limits.ts";
import { defineVerb } from "../verb.ts";

export const bootstrapInput = z.strictObject({
  slug: slugSchema,
  name: z.string().min(1).max(128),
  ownerEmail: z.email().max(254),
  ownerPassword: passwordSchema,
  /** Made by the caller with `makeApiToken()` and kept by it, so that a repeated call can be the same call. */
  apiToken: z.string().max(256).optional(),
  policy: z.strictObject({ name: slugSchema, yaml: z.string().max(POLICY_BYTES_MAX) }).optional(),
});

export const bootstrap = defineVerb({
  name: "org.bootstrap",
  kind: "mutation",
  gate: { by: "system" },
  input: bootstrapInput,
  run: async (): Promise<{ orgId: string; userId: string; policyId: string | null; created: boolean }> => {
    throw new Error("not written yet");
  },
});
