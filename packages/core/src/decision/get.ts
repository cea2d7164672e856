import { z } from "zod";
import { decisionIdSchema } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import type { DecisionView } from "../views.ts";

export const getInput = z.strictObject({ decisionId: decisionIdSchema });

export const get = defineVerb({
  name: "decision.get",
  kind: "query",
  gate: { by: "person", action: "read", on: "decision" },
  input: getInput,
  run: async (): Promise<DecisionView> => {
    throw new Error("not written yet");
  },
});
