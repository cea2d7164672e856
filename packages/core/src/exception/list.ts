import { withOrg } from "@creel/db";
import { z } from "zod";
import { inScope, sandboxLabels } from "../authz/scopeSql.ts";
import type { ExceptionView } from "../exceptionViews.ts";
import { PAGE_DEFAULT, PAGE_MAX } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import { exceptionViews } from "./view.ts";

export const listInput = z.strictObject({
  sandboxId: z.uuid().optional(),
  /** Those in force, or those that are over; both when it is left out. */
  active: z.boolean().optional(),
  limit: z.number().int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT),
});

/** Exceptions with their ends, the newest first. */
export const list = defineVerb({
  name: "exception.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "exception" },
  input: listInput,
  run: async (ctx, input): Promise<{ items: ExceptionView[] }> => {
    const { orgId } = ctx.actor;
    const within = inScope(ctx.actor, { action: "read", kind: "exception", labels: sandboxLabels });
    return {
      items: await withOrg(ctx.db, orgId, (tx) => exceptionViews(tx, { orgId, now: ctx.clock(), within, ...input })),
    };
  },
});
