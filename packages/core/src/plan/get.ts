import { z } from "zod";
import { defineVerb } from "../verb.ts";
import type { PlanDetail } from "../views.ts";

export const getInput = z.strictObject({ planId: z.uuid() });

export const get = defineVerb({
  name: "plan.get",
  kind: "query",
  gate: { by: "person", action: "read", on: "plan" },
  input: getInput,
  run: async (): Promise<PlanDetail> => {
    throw new Error("not written yet");
  },
});
