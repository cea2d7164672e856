import { z } from "zod";
import type { UserActor } from "../context.ts";
import { defineVerb } from "../verb.ts";

export const resolveSessionInput = z.strictObject({ token: z.string().max(256) });

export const resolveSession = defineVerb({
  name: "auth.resolveSession",
  kind: "query",
  gate: { by: "open" },
  input: resolveSessionInput,
  run: async (): Promise<UserActor | null> => {
    throw new Error("not written yet");
  },
});
