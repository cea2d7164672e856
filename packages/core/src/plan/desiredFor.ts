import type { DesiredState } from "@creel/protocol";
import { z } from "zod";
import { defineVerb } from "../verb.ts";

export const desiredForInput = z.strictObject({ orgId: z.uuid().optional(), nodeId: z.uuid() });

export const desiredFor = defineVerb({
  name: "plan.desiredFor",
  kind: "query",
  gate: { by: "hub" },
  input: desiredForInput,
  run: async (): Promise<DesiredState | null> => {
    throw new Error("not written yet");
  },
});
