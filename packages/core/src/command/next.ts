import type { ExecRequest } from "@creel/protocol";
import { z } from "zod";
import { defineVerb } from "../verb.ts";

export const nextInput = z.strictObject({});

export const next = defineVerb({
  name: "command.next",
  kind: "mutation",
  gate: { by: "node" },
  input: nextInput,
  run: async (): Promise<{ commandId: string; request: ExecRequest } | null> => {
    throw new Error("not written yet");
  },
});
