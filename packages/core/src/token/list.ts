import { z } from "zod";
import { defineVerb } from "../verb.ts";
import type { TokenView } from "../views.ts";

export const listInput = z.strictObject({});

export const list = defineVerb({
  name: "token.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "token" },
  input: listInput,
  run: async (): Promise<{ items: TokenView[] }> => {
    throw new Error("not written yet");
  },
});
