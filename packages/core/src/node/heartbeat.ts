import { sandboxStatusSchema } from "@creel/protocol";
import { z } from "zod";
import { defineVerb } from "../verb.ts";

export const heartbeatInput = z.strictObject({ statuses: z.array(sandboxStatusSchema).max(1000) });

export const heartbeat = defineVerb({
  name: "node.heartbeat",
  kind: "mutation",
  gate: { by: "node" },
  input: heartbeatInput,
  run: async (): Promise<{ ok: true }> => {
    throw new Error("not written yet");
  },
});
