import { withOrg } from "@creel/db";
import { z } from "zod";
import { CreelError } from "../errors/errors.ts";
import { type ExceptionGranted, submitException } from "../exception/grant.ts";
import { ONCE_SECONDS_DEFAULT, SANDBOXES_PER_GRANT_MAX, secondsSchema } from "../exception/limits.ts";
import { MESSAGE_CHARS_MAX } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import { groupKeySchema } from "./group.ts";
import { markGroup } from "./mark.ts";
import { expectAllowable, oneGroup } from "./one.ts";

export const allowInput = z.strictObject({
  groupKey: groupKeySchema,
  seconds: secondsSchema.default(ONCE_SECONDS_DEFAULT),
  once: z.boolean().default(false),
  /** Fewer of the group's sandboxes than all of them. */
  sandboxIds: z.array(z.uuid()).min(1).max(SANDBOXES_PER_GRANT_MAX).optional(),
  reason: z.string().trim().max(MESSAGE_CHARS_MAX).default("From the inbox of denied requests."),
});

/** Allows a group of denied requests for a while, exactly as they were asked, in the sandboxes that asked. */
export const allow = defineVerb({
  name: "inbox.allow",
  kind: "mutation",
  gate: { by: "person", action: "propose", on: "exception" },
  input: allowInput,
  run: async (ctx, { groupKey, seconds, once, sandboxIds, reason }): Promise<ExceptionGranted> => {
    const { orgId } = ctx.actor;
    const group = await withOrg(ctx.db, orgId, (tx) => oneGroup(tx, { actor: ctx.actor, groupKey, now: ctx.clock() }));
    expectAllowable(group);
    const { scope, label } = group;
    const chosen = sandboxIds === undefined ? group.sandboxIds : [...new Set(sandboxIds)].sort();
    if (chosen.some((id) => !group.sandboxIds.includes(id)))
      throw new CreelError("invalid_input", "sandboxIds: only sandboxes that asked for this can be allowed it here.");
    if (chosen.length > SANDBOXES_PER_GRANT_MAX)
      throw new CreelError(
        "conflict",
        `${chosen.length} sandboxes asked for this. Write a rule, or name at most ${SANDBOXES_PER_GRANT_MAX} of them.`,
      );
    const granted = await submitException(ctx, { sandboxIds: chosen, scope, seconds, once }, reason);
    // What only waits for others is still to be looked at; and whoever does not see a sandbox's denials has none of them hidden.
    if (granted.outcome === "proposed") return granted;
    const mark = {
      orgId,
      groupKey,
      label,
      kind: "handled",
      reason: "Allowed for a while.",
      sandboxIds: chosen,
    } as const;
    await withOrg(ctx.db, orgId, (tx) => markGroup(tx, ctx, { ...mark, action: "inbox.allow" }));
    return granted;
  },
});
