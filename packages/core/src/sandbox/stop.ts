import { z } from "zod";
import { notFound } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import type { SandboxView } from "../views.ts";
import { changeSandbox, expectNotHeld } from "./change.ts";

export const stopInput = z.strictObject({ sandboxId: z.uuid() });

/** Ends the agent and keeps its workspace. */
export const stop = defineVerb({
  name: "sandbox.stop",
  kind: "mutation",
  gate: { by: "person", action: "operate", on: "sandbox" },
  input: stopInput,
  run: async (ctx, { sandboxId }): Promise<SandboxView> => {
    const view = await changeSandbox(
      ctx,
      sandboxId,
      { cause: "sandbox.stop", action: "operate", kind: "sandbox" },
      (row) => {
        expectNotHeld(row);
        return { desiredState: "stopped", endBy: "grace" };
      },
    );
    if (view === null) throw notFound();
    return view;
  },
});
