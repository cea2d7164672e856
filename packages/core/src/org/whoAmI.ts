import { z } from "zod";
import type { WhoAmI } from "../views.ts";
import { defineVerb } from "../verb.ts";

export const whoAmIInput = z.strictObject({});

/** Who is asking, for which org, and what their role may do; every role may read nodes, so every person may ask. */
export const whoAmI = defineVerb({
  name: "org.whoAmI",
  kind: "query",
  gate: { by: "person", action: "read", on: "node" },
  input: whoAmIInput,
  run: async (): Promise<WhoAmI> => {
    throw new Error("not written yet");
  },
});
