import { z } from "zod";
import { notFound } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import type { SandboxView } from "../views.ts";
import { changeSandbox, expectNotHeld } from "./change.ts";

export const startInput = z.strictObject({ sandboxId: z.uuid() });

/** Asks for a running sandbox; one that runs already goes on as it is. */
export const start = defineVerb({
  name: "sandbox.start",
  kind: "mutation",
  gate: { by: "person", action: "operate", on: "sandbox" },
  input: startInput,
  run: async (ctx, { sandboxId }): Promise<SandboxView> => {
    const view = await changeSandbox(
      ctx,
      sandboxId,
      { cause: "sandbox.start", action: "operate", kind: "sandbox" },
      (row) => {
        expectNotHeld(row);
        return { desiredState: "running", endBy: "grace", hold: null };
      },
    );
    if (view === null) throw notFound();
    return view;
  },
});
