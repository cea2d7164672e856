import { z } from "zod";
import { defineVerb } from "../verb.ts";
import type { PolicyVersionView } from "../views.ts";

export const listVersionsInput = z.strictObject({ policyId: z.uuid() });

export const listVersions = defineVerb({
  name: "policy.listVersions",
  kind: "query",
  gate: { by: "person", action: "read", on: "policy" },
  input: listVersionsInput,
  run: async (): Promise<{ items: PolicyVersionView[] }> => {
    throw new Error("not written yet");
  },
});
