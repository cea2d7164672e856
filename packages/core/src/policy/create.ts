import { POLICY_BYTES_MAX } from "@creel/protocol";
import { z } from "zod";
import { MESSAGE_CHARS_MAX, slugSchema } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import type { PolicyDetail } from "../views.ts";

export const createInput = z.strictObject({
  name: slugSchema,
  yaml: z.string().max(POLICY_BYTES_MAX),
  message: z.string().max(MESSAGE_CHARS_MAX).default(""),
});

export const create = defineVerb({
  name: "policy.create",
  kind: "mutation",
  gate: { by: "person", action: "create", on: "policy" },
  input: createInput,
  run: async (): Promise<PolicyDetail> => {
    throw new Error("not written yet");
  },
});
