import { z } from "zod";
import { defineVerb } from "../verb.ts";
import type { PolicyVersionDetail } from "../views.ts";

export const getVersionInput = z.strictObject({ policyId: z.uuid(), version: z.number().int().positive() });

export const getVersion = defineVerb({
  name: "policy.getVersion",
  kind: "query",
  gate: { by: "person", action: "read", on: "policy" },
  input: getVersionInput,
  run: async (): Promise<PolicyVersionDetail> => {
    throw new Error("not written yet");
  },
});
