import { z } from "zod";
import { notFound } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import type { SandboxView } from "../views.ts";
import { changeSandbox } from "./change.ts";
import { holdBy, killed, killFields } from "./hold.ts";

export const killInput = z.strictObject({ sandboxId: z.uuid(), ...killFields });

/** Ends everything inside at once, without the grace that a stop gives, and keeps the workspace. */
export const kill = defineVerb({
  name: "sandbox.kill",
  kind: "mutation",
  gate: { by: "person", action: "operate", on: "sandbox" },
  input: killInput,
  run: async (ctx, { sandboxId, reason, to }): Promise<SandboxView> => {
    const hold = holdBy(ctx, reason);
    const view = await changeSandbox(
      ctx,
      sandboxId,
      { cause: "sandbox.kill", action: "operate", kind: "sandbox" },
      (row) => killed(row, to, hold),
    );
    if (view === null) throw notFound();
    return view;
  },
});
