import { z } from "zod";
import { notFound } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import type { SandboxView } from "../views.ts";
import { changeSandbox, expectNotHeld } from "./change.ts";

export const restartInput = z.strictObject({ sandboxId: z.uuid() });

/** Starts the agent afresh with the same workspace. */
export const restart = defineVerb({
  name: "sandbox.restart",
  kind: "mutation",
  gate: { by: "person", action: "operate", on: "sandbox" },
  input: restartInput,
  run: async (ctx, { sandboxId }): Promise<SandboxView> => {
    const view = await changeSandbox(
      ctx,
      sandboxId,
      { cause: "sandbox.restart", action: "operate", kind: "sandbox" },
      (row) => {
        expectNotHeld(row);
        return { desiredState: "running", endBy: "grace", hold: null, incarnation: row.incarnation + 1 };
      },
    );
    if (view === null) throw notFound();
    return view;
  },
});
