import { z } from "zod";
import { defineVerb } from "../verb.ts";
import type { NodeView } from "../views.ts";

export const getInput = z.strictObject({ nodeId: z.uuid() });

export const get = defineVerb({
  name: "node.get",
  kind: "query",
  gate: { by: "person", action: "read", on: "node" },
  input: getInput,
  run: async (): Promise<NodeView> => {
    throw new Error("not written yet");
  },
});
