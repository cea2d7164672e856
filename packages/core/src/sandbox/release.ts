import { z } from "zod";
import { CreelError, notFound } from "../errors/errors.ts";
import { MESSAGE_CHARS_MAX } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import type { SandboxView } from "../views.ts";
import { changeSandbox } from "./change.ts";
import { holdBy } from "./hold.ts";

export const releaseInput = z.strictObject({
  sandboxId: z.uuid(),
  reason: z.string().trim().min(1, "say why it may run again").max(MESSAGE_CHARS_MAX),
});

/** Lets a sandbox out of its quarantine, whoever imposed it. It is stopped then; starting it is another act. */
export const release = defineVerb({
  name: "sandbox.release",
  kind: "mutation",
  gate: { by: "person", action: "operate", on: "quarantine" },
  input: releaseInput,
  run: async (ctx, { sandboxId, reason }): Promise<SandboxView> => {
    const view = await changeSandbox(
      ctx,
      sandboxId,
      { cause: "sandbox.release", action: "operate", kind: "quarantine" },
      (row) => {
        if (row.desiredState !== "quarantined")
          throw new CreelError("conflict", `${row.name} is not in quarantine: there is nothing to release.`);
        return { desiredState: "stopped", endBy: "grace", releases: row.releases + 1, hold: holdBy(ctx, reason) };
      },
    );
    if (view === null) throw notFound();
    return view;
  },
});
