import { z } from "zod";
import { defineVerb } from "../verb.ts";
import type { PolicyDetail } from "../views.ts";

export const getInput = z.strictObject({ policyId: z.uuid() });

export const get = defineVerb({
  name: "policy.get",
  kind: "query",
  gate: { by: "person", action: "read", on: "policy" },
  input: getInput,
  run: async (): Promise<PolicyDetail> => {
    throw new Error("not written yet");
  },
});
