import { type DesiredState, hostCapabilitiesSchema, modelInfoSchema } from "@creel/protocol";
import { z } from "zod";
import { defineVerb } from "../verb.ts";

export const helloInput = z.strictObject({
  agentVersion: z.string().max(64),
  capabilities: hostCapabilitiesSchema,
  model: modelInfoSchema,
  generation: z.number().int().nonnegative(),
});

export const hello = defineVerb({
  name: "node.hello",
  kind: "mutation",
  gate: { by: "node" },
  input: helloInput,
  run: async (): Promise<{
    nodeId: string;
    nodeName: string;
    orgSlug: string;
    generation: number;
    desired: DesiredState | null;
  }> => {
    throw new Error("not written yet");
  },
});
