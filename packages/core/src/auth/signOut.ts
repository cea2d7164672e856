import { z } from "zod";
import { defineVerb } from "../verb.ts";

export const signOutInput = z.strictObject({ token: z.string().max(256) });

export const signOut = defineVerb({
  name: "auth.signOut",
  kind: "mutation",
  gate: { by: "open" },
  input: signOutInput,
  run: async (): Promise<{ ok: true }> => {
    throw new Error("not written yet");
  },
});
