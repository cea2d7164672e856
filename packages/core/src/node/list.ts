import { z } from "zod";
import { defineVerb } from "../verb.ts";
import type { NodeView } from "../views.ts";

export const listInput = z.strictObject({});

export const list = defineVerb({
  name: "node.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "node" },
  input: listInput,
  run: async (): Promise<{ items: NodeView[] }> => {
    throw new Error("not written yet");
  },
});
