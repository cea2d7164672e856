import { z } from "zod";
import { defineVerb } from "../verb.ts";
import type { SignedIn } from "../views.ts";

export const signInInput = z.strictObject({
  email: z.string().max(254),
  password: z.string().max(1024),
  userAgent: z.string().max(1024).optional(),
});

export const signIn = defineVerb({
  name: "auth.signIn",
  kind: "mutation",
  gate: { by: "open" },
  input: signInInput,
  run: async (): Promise<SignedIn> => {
    throw new Error("not written yet");
  },
});
