import { sandboxStatusSchema } from "@creel/protocol";
import { z } from "zod";
import { defineVerb } from "../verb.ts";

export const reportStatusInput = z.strictObject({ status: sandboxStatusSchema });

export const reportStatus = defineVerb({
  name: "sandbox.reportStatus",
  kind: "mutation",
  gate: { by: "node" },
  input: reportStatusInput,
  run: async (): Promise<{ ok: true }> => {
    throw new Error("not written yet");
  },
});
