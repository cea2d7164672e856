import { withOrg } from "@creel/db";
import { z } from "zod";
import { visibleSandboxes } from "../authz/scopeSql.ts";
import { defineVerb } from "../verb.ts";
import type { SandboxView } from "../views.ts";
import { sandboxViews } from "./view.ts";

export const listInput = z.strictObject({ nodeId: z.uuid().optional() });

export const list = defineVerb({
  name: "sandbox.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "sandbox" },
  input: listInput,
  run: async (ctx, { nodeId }): Promise<{ items: SandboxView[] }> => {
    const { orgId } = ctx.actor;
    return {
      items: await withOrg(ctx.db, orgId, (tx) =>
        sandboxViews(tx, { orgId, nodeId, within: visibleSandboxes(ctx.actor), now: ctx.clock() }),
      ),
    };
  },
});
