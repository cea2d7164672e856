import type { DesiredState } from "@creel/protocol";
import { z } from "zod";
import { defineVerb } from "../verb.ts";

export const claimInput = z.strictObject({
  orgId: z.uuid().optional(),
  planId: z.uuid(),
  claimant: z.string().min(1).max(128),
});

export const claim = defineVerb({
  name: "plan.claim",
  kind: "mutation",
  gate: { by: "hub" },
  input: claimInput,
  run: async (): Promise<{ nodeId: string; desired: DesiredState } | null> => {
    throw new Error("not written yet");
  },
});
