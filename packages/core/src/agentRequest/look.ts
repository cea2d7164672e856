import { and, eq, inArray, tables, withOrg } from "@creel/db";
import { AGENT_REQUESTS_MAX, type AgentRequestAnswer } from "@creel/protocol";
import { z } from "zod";
import { ownNode } from "../node/self.ts";
import { defineVerb } from "../verb.ts";
import { answerNow } from "./state.ts";

export const lookInput = z.strictObject({ requestIds: z.array(z.uuid()).max(AGENT_REQUESTS_MAX) });

/** What became of requests that a node waits for; of another node's, nothing is said. Writes nothing. */
export const look = defineVerb({
  name: "agentRequest.look",
  kind: "query",
  gate: { by: "node" },
  input: lookInput,
  run: async (ctx, { requestIds }): Promise<{ answers: AgentRequestAnswer[] }> => {
    const { orgId, nodeId } = ctx.actor;
    const { agentRequests: r, sandboxes: s } = tables;
    return await withOrg(ctx.db, orgId, async (tx) => {
      await ownNode(tx, ctx.actor);
      const rows = await tx
        .select({ request: r })
        .from(r)
        .innerJoin(s, and(eq(s.orgId, r.orgId), eq(s.id, r.sandboxId), eq(s.nodeId, nodeId)))
        .where(and(eq(r.orgId, orgId), inArray(r.id, requestIds)));
      const answers: AgentRequestAnswer[] = [];
      for (const { request } of rows) answers.push(await answerNow(tx, request, ctx.clock()));
      return { answers };
    });
  },
});
