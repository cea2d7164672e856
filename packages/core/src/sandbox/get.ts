import { withOrg } from "@creel/db";
import { z } from "zod";
import { visibleSandboxes } from "../authz/scopeSql.ts";
import { notFound } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import type { SandboxView } from "../views.ts";
import { sandboxViews } from "./view.ts";

export const getInput = z.strictObject({ sandboxId: z.uuid() });

export const get = defineVerb({
  name: "sandbox.get",
  kind: "query",
  gate: { by: "person", action: "read", on: "sandbox" },
  input: getInput,
  run: async (ctx, { sandboxId }): Promise<SandboxView> => {
    const { orgId } = ctx.actor;
    const [found] = await withOrg(ctx.db, orgId, (tx) =>
      sandboxViews(tx, { orgId, sandboxId, within: visibleSandboxes(ctx.actor), now: ctx.clock() }),
    );
    if (found === undefined) throw notFound();
    return found;
  },
});
