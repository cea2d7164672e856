import { withOrg } from "@creel/db";
import { z } from "zod";
import { scopeSchema } from "../authz/fields.ts";
import { expectHolds } from "../authz/holds.ts";
import { lockPeople } from "../authz/people.ts";
import { roleByKey, roleKeySchema } from "../authz/roleByKey.ts";
import { notFound } from "../errors/errors.ts";
import { MESSAGE_CHARS_MAX } from "../limits.ts";
import type { GrantView } from "../peopleViews.ts";
import { defineVerb } from "../verb.ts";
import { insertGrant } from "./insert.ts";
import { subjectFields, subjectOf } from "./subject.ts";
import { grantViews } from "./view.ts";

/** A year: what is longer is for good, and said so by leaving the end out. */
const HOURS_MAX = 366 * 24;
const HOUR_MS = 60 * 60 * 1000;

export const giveInput = z.strictObject({
  ...subjectFields,
  role: roleKeySchema,
  /** Only over things with these labels; the whole org when absent. */
  scope: scopeSchema.optional(),
  /** Ends by itself after so long; stays until somebody ends it when absent. */
  hours: z.number().int().min(1).max(HOURS_MAX).optional(),
  reason: z.string().trim().max(MESSAGE_CHARS_MAX).default(""),
});

export const give = defineVerb({
  name: "grant.give",
  kind: "mutation",
  gate: { by: "person", action: "create", on: "grant" },
  proof: true,
  input: giveInput,
  run: async (ctx, input): Promise<GrantView> => {
    const { orgId } = ctx.actor;
    const now = ctx.clock();
    const subject = subjectOf(input);
    const expiresAt = input.hours === undefined ? null : new Date(now.getTime() + input.hours * HOUR_MS);
    return await withOrg(ctx.db, orgId, async (tx) => {
      await lockPeople(tx, orgId);
      const role = await roleByKey(tx, { orgId, key: input.role });
      const scope = input.scope ?? null;
      expectHolds(ctx.actor, [{ permissions: role.permissions, scope, expiresAt }]);
      const grantId = await insertGrant(tx, ctx, {
        orgId,
        subject,
        role,
        scope,
        expiresAt,
        reason: input.reason,
      });
      const [view] = await grantViews(tx, { orgId, grantId, past: false, now });
      if (view === undefined) throw notFound();
      return view;
    });
  },
});
