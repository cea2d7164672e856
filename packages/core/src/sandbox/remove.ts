import { z } from "zod";
import { defineVerb } from "../verb.ts";
import { changeSandbox, expectNotHeld } from "./change.ts";

export const removeInput = z.strictObject({ sandboxId: z.uuid() });

/** The node ends and deletes it; what it decided and what it did stays on record. */
export const remove = defineVerb({
  name: "sandbox.remove",
  kind: "mutation",
  gate: { by: "person", action: "delete", on: "sandbox" },
  input: removeInput,
  run: async (ctx, { sandboxId }): Promise<{ ok: true }> => {
    await changeSandbox(ctx, sandboxId, { cause: "sandbox.remove", action: "delete", kind: "sandbox" }, (row) => {
      expectNotHeld(row);
      return { desiredState: "stopped", removedAt: ctx.clock() };
    });
    return { ok: true };
  },
});
