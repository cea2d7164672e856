import { agentSpecSchema, desiredSandboxSchema, limitsSchema } from "@creel/protocol";
import { z } from "zod";
import { slugSchema } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import type { SandboxView } from "../views.ts";

export const createInput = z.strictObject({
  name: slugSchema,
  nodeId: z.uuid(),
  policyId: z.uuid(),
  agent: agentSpecSchema,
  restart: desiredSandboxSchema.shape.restart.default({ policy: "on-failure", delayMs: 5_000 }),
  limits: limitsSchema.prefault({}),
});

export const create = defineVerb({
  name: "sandbox.create",
  kind: "mutation",
  gate: { by: "person", action: "create", on: "sandbox" },
  input: createInput,
  run: async (): Promise<SandboxView> => {
    throw new Error("not written yet");
  },
});
