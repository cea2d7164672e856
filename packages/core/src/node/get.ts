import { withOrg } from "@creel/db";
import { z } from "zod";
import { visibleNodes } from "../authz/scopeSql.ts";
import { notFound } from "../errors/errors.ts";
import { defineVerb } from "../verb.ts";
import type { NodeView } from "../views.ts";
import { nodeViews } from "./view.ts";

export const getInput = z.strictObject({ nodeId: z.uuid() });

export const get = defineVerb({
  name: "node.get",
  kind: "query",
  gate: { by: "person", action: "read", on: "node" },
  input: getInput,
  run: async (ctx, input): Promise<NodeView> => {
    const { orgId } = ctx.actor;
    const [view] = await withOrg(ctx.db, orgId, (tx) =>
      nodeViews(tx, { orgId, nodeId: input.nodeId, within: visibleNodes(ctx.actor), now: ctx.clock() }),
    );
    if (view === undefined) throw notFound();
    return view;
  },
});
