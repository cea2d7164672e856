import { z } from "zod";
import { defineVerb } from "../verb.ts";

export const signOutEverywhereInput = z.strictObject({ exceptCurrent: z.boolean().default(false) });

export const signOutEverywhere = defineVerb({
  name: "auth.signOutEverywhere",
  kind: "mutation",
  gate: { by: "self" },
  input: signOutEverywhereInput,
  run: async (): Promise<{ revoked: number }> => {
    throw new Error("not written yet");
  },
});
