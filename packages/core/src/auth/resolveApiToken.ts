import { z } from "zod";
import type { ApiKeyActor } from "../context.ts";
import { defineVerb } from "../verb.ts";

export const resolveApiTokenInput = z.strictObject({ token: z.string().max(256) });

export const resolveApiToken = defineVerb({
  name: "auth.resolveApiToken",
  kind: "query",
  gate: { by: "open" },
  input: resolveApiTokenInput,
  run: async (): Promise<ApiKeyActor | null> => {
    throw new Error("not written yet");
  },
});
