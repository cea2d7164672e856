import { z } from "zod";
import { defineVerb } from "../verb.ts";
import type { SessionView } from "../views.ts";

export const listSessionsInput = z.strictObject({});

export const listSessions = defineVerb({
  name: "auth.listSessions",
  kind: "query",
  gate: { by: "self" },
  input: listSessionsInput,
  run: async (): Promise<{ items: SessionView[] }> => {
    throw new Error("not written yet");
  },
});
