import { POLICY_BYTES_MAX } from "@creel/protocol";
import { z } from "zod";
import { MESSAGE_CHARS_MAX } from "../limits.ts";
import { defineVerb } from "../verb.ts";

export const saveVersionInput = z.strictObject({
  policyId: z.uuid(),
  yaml: z.string().max(POLICY_BYTES_MAX),
  baseVersion: z.number().int().positive(),
  message: z.string().max(MESSAGE_CHARS_MAX).default(""),
});

export const saveVersion = defineVerb({
  name: "policy.saveVersion",
  kind: "mutation",
  gate: { by: "person", action: "update", on: "policy" },
  input: saveVersionInput,
  run: async (): Promise<{ version: number; digest: string; planIds: string[] }> => {
    throw new Error("not written yet");
  },
});
