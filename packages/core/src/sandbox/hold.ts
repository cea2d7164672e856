import { z } from "zod";
import { describeActor } from "../audit/record.ts";
import type { ApiKeyActor, Ctx, UserActor } from "../context.ts";
import { MESSAGE_CHARS_MAX } from "../limits.ts";
import type { SandboxHold } from "../views.ts";

/** What is asked of a kill, of one sandbox or of many. */
export const killFields = {
  /** Stands in the audit row and on the sandbox's page. */
  reason: z.string().trim().max(MESSAGE_CHARS_MAX).default(""),
  /** `quarantined`: nothing but a release lets it start again. */
  to: z.enum(["stopped", "quarantined"]).default("stopped"),
};

export const holdBy = (ctx: Ctx<UserActor | ApiKeyActor>, reason: string): SandboxHold => ({
  by: describeActor(ctx.actor).label,
  reason,
  at: ctx.clock().toISOString(),
});

/**
 * What a kill makes of a sandbox. Never out of a quarantine: that takes a release. A start right behind it may reach the node in its
 * place; the grown incarnation then still ends what runs.
 */
export const killed = (
  row: { desiredState: string; incarnation: number },
  to: "stopped" | "quarantined",
  hold: SandboxHold,
) => ({
  incarnation: row.incarnation + 1,
  desiredState: row.desiredState === "quarantined" ? "quarantined" : to,
  endBy: "kill",
  hold,
});
