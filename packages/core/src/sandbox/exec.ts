import { type ExecResult, execRequestSchema } from "@creel/protocol";
import { defineVerb } from "../verb.ts";

export const execInput = execRequestSchema;

export const exec = defineVerb({
  name: "sandbox.exec",
  kind: "mutation",
  gate: { by: "person", action: "operate", on: "sandbox" },
  input: execInput,
  run: async (): Promise<ExecResult> => {
    throw new Error("not written yet");
  },
});
