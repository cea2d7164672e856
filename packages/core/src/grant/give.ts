import { withOrg } from "@creel/db";
import { z } from "zod";
import { scopeSchema } from "../authz/fields.ts";
import { expectHolds } from "../authz/holds.ts";
import { roleKeySchema } from "../authz/roleByKey.ts";
import { submitChange } from "../change/submit.ts";
import type { Outcome } from "../changeViews.ts";
import { notFound } from "../errors/errors.ts";
import { MESSAGE_CHARS_MAX } from "../limits.ts";
import type { GrantView } from "../peopleViews.ts";
import { defineVerb } from "../verb.ts";
import { givenBy, grantSchema, roleGrantChange } from "./change.ts";
import { HOURS_MAX } from "./limits.ts";
import { subjectFields, subjectOf } from "./subject.ts";
import { grantViews } from "./view.ts";

export const giveInput = z.strictObject({
  ...subjectFields,
  role: roleKeySchema,
  /** Only over things with these labels; the whole org when absent. */
  scope: scopeSchema.optional(),
  /** Ends by itself so long after it was applied; stays until somebody ends it when absent. */
  hours: z.number().int().min(1).max(HOURS_MAX).optional(),
  reason: z.string().trim().max(MESSAGE_CHARS_MAX).default(""),
});

/** Gives a role, or proposes it where others have to approve. */
export const give = defineVerb({
  name: "grant.give",
  kind: "mutation",
  gate: { by: "person", action: "create", on: "grant" },
  proof: true,
  input: giveInput,
  run: async (ctx, input): Promise<Outcome<GrantView>> => {
    const { orgId } = ctx.actor;
    const { role, scope = null, hours = null, reason } = input;
    const content = grantSchema.parse({ subject: subjectOf(input), role, scope, hours });
    const submitted = await submitChange(ctx, roleGrantChange, {
      content,
      message: reason,
      admit: async (at, actor) => expectHolds(actor, [await givenBy(at, content)]),
    });
    if (submitted.outcome === "proposed") return submitted;
    const { changeId, result } = submitted;
    const given = { orgId, grantId: result.grantId, past: true, now: ctx.clock() };
    const [view] = await withOrg(ctx.db, orgId, async (tx) => await grantViews(tx, given));
    if (view === undefined) throw notFound();
    return { outcome: "applied", changeId, ...view };
  },
});
