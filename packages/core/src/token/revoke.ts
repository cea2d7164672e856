import { z } from "zod";
import { defineVerb } from "../verb.ts";

export const revokeInput = z.strictObject({ tokenId: z.uuid() });

export const revoke = defineVerb({
  name: "token.revoke",
  kind: "mutation",
  gate: { by: "person", action: "delete", on: "token" },
  input: revokeInput,
  run: async (): Promise<{ ok: true }> => {
    throw new Error("not written yet");
  },
});
