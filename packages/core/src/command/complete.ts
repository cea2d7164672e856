import { execResultSchema } from "@creel/protocol";
import { z } from "zod";
import { defineVerb } from "../verb.ts";

export const completeInput = z.strictObject({ commandId: z.uuid(), result: execResultSchema });

export const complete = defineVerb({
  name: "command.complete",
  kind: "mutation",
  gate: { by: "node" },
  input: completeInput,
  run: async (): Promise<{ ok: boolean }> => {
    throw new Error("not written yet");
  },
});
