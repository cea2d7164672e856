import { withOrg } from "@creel/db";
import { z } from "zod";
import { visibleNodes } from "../authz/scopeSql.ts";
import { defineVerb } from "../verb.ts";
import type { NodeView } from "../views.ts";
import { nodeViews } from "./view.ts";

export const listInput = z.strictObject({});

export const list = defineVerb({
  name: "node.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "node" },
  input: listInput,
  run: async (ctx): Promise<{ items: NodeView[] }> => {
    const { orgId } = ctx.actor;
    return {
      items: await withOrg(ctx.db, orgId, (tx) =>
        nodeViews(tx, { orgId, within: visibleNodes(ctx.actor), now: ctx.clock() }),
      ),
    };
  },
});
