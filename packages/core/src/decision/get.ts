import { withOrg } from "@creel/db";
import { z } from "zod";
import { visibleDecisions } from "../authz/scopeSql.ts";
import { notFound } from "../errors/errors.ts";
import { decisionIdSchema } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import type { DecisionView } from "../views.ts";
import { decisionViews } from "./view.ts";

export const getInput = z.strictObject({ decisionId: decisionIdSchema });

export const get = defineVerb({
  name: "decision.get",
  kind: "query",
  gate: { by: "person", action: "read", on: "decision" },
  input: getInput,
  run: async (ctx, { decisionId }): Promise<DecisionView> => {
    const { orgId } = ctx.actor;
    const [found] = await withOrg(ctx.db, orgId, (tx) =>
      decisionViews(tx, { orgId, cursor: Number(decisionId), within: visibleDecisions(ctx.actor), limit: 1 }),
    );
    if (found === undefined) throw notFound();
    return found;
  },
});
