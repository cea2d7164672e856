import { enrollRequestSchema } from "@creel/protocol";
import { defineVerb } from "../verb.ts";

export const enrollInput = enrollRequestSchema;

export const enroll = defineVerb({
  name: "node.enroll",
  kind: "mutation",
  gate: { by: "system" },
  input: enrollInput,
  run: async (): Promise<{
    nodeId: string;
    nodeName: string;
    orgId: string;
    orgSlug: string;
    certificatePem: string;
    expiresAt: string;
  }> => {
    throw new Error("not written yet");
  },
});
