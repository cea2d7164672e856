import { z } from "zod";
import { defineVerb } from "../verb.ts";
import type { PolicyView } from "../views.ts";

export const listInput = z.strictObject({});

export const list = defineVerb({
  name: "policy.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "policy" },
  input: listInput,
  run: async (): Promise<{ items: PolicyView[] }> => {
    throw new Error("not written yet");
  },
});
