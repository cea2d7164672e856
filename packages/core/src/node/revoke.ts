import { z } from "zod";
import { defineVerb } from "../verb.ts";

export const revokeInput = z.strictObject({ nodeId: z.uuid() });

export const revoke = defineVerb({
  name: "node.revoke",
  kind: "mutation",
  gate: { by: "person", action: "delete", on: "node" },
  input: revokeInput,
  run: async (): Promise<{ ok: true }> => {
    throw new Error("not written yet");
  },
});
