import { z } from "zod";
import { roles } from "../authz/roles.ts";
import { defineVerb } from "../verb.ts";
import type { TokenView } from "../views.ts";

export const createInput = z.strictObject({
  name: z.string().min(1).max(64),
  role: z.enum(roles),
  expiresInDays: z.number().int().min(1).max(3650).optional(),
});

export const create = defineVerb({
  name: "token.create",
  kind: "mutation",
  gate: { by: "person", action: "create", on: "token" },
  input: createInput,
  run: async (): Promise<{ token: string; view: TokenView }> => {
    throw new Error("not written yet");
  },
});
