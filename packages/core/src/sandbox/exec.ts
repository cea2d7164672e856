import { setTimeout as delay } from "node:timers/promises";
import { and, eq, isNull, newId, notify, tables, withOrg } from "@creel/db";
import { type ExecResult, execRequestSchema } from "@creel/protocol";
import { changesOf, describeActor, recordAudit } from "../audit/record.ts";
import { authorizeOn } from "../authz/authorize.ts";
import { type Labels, labelsOnNode } from "../authz/grant.ts";
import type { ApiKeyActor, Ctx, UserActor } from "../context.ts";
import { CreelError, notFound } from "../errors/errors.ts";
import { isConnected } from "../node/view.ts";
import { first, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";

export const execInput = execRequestSchema;

/** Time for the way to the node and back, beyond what the command itself may take. */
const DELIVERY_MS = 5_000;
/** The answer is looked for often at first, when short commands end, then less. */
const POLL_FIRST_MS = 20;
const POLL_MAX_MS = 250;

/** Runs one command inside a sandbox, under that sandbox's policy, and waits for its end. */
export const exec = defineVerb({
  name: "sandbox.exec",
  kind: "mutation",
  gate: { by: "person", action: "operate", on: "sandbox" },
  input: execInput,
  run: async (ctx, input): Promise<ExecResult> => {
    const { orgId } = ctx.actor;
    const { sandboxes: s, nodes: n, commands: c } = tables;
    const now = ctx.clock();
    const row = await withOrg(ctx.db, orgId, async (tx) => {
      const found = first(
        await tx
          .select({ name: s.name, nodeId: s.nodeId, labels: s.labels, node: n })
          .from(s)
          .innerJoin(n, and(eq(n.orgId, s.orgId), eq(n.id, s.nodeId)))
          .where(and(eq(s.orgId, orgId), eq(s.id, input.sandboxId), isNull(s.removedAt))),
      );
      if (found === null) throw notFound();
      const labels = labelsOnNode(stored<Labels>(found.labels), stored<Labels>(found.node.labels));
      authorizeOn(ctx.actor, { action: "operate", kind: "sandbox", labels });
      if (!isConnected(found.node, now))
        throw new CreelError("unavailable", `The node ${found.node.name} is not connected. Try again when it is.`);
      const command = {
        orgId,
        id: newId(now),
        nodeId: found.nodeId,
        sandboxId: input.sandboxId,
        state: "queued",
        request: input,
        createdBy: describeActor(ctx.actor).label,
        createdAt: now,
        expiresAt: new Date(now.getTime() + input.timeoutMs + DELIVERY_MS),
      };
      await tx.insert(c).values(command);
      await recordAudit(tx, ctx, orgId, {
        action: "sandbox.exec",
        resource: { kind: "sandbox", id: input.sandboxId, label: found.name },
        changes: changesOf("commands", null, command),
      });
      await notify(tx, { orgId, topic: "commands", id: found.nodeId });
      return command;
    });
    return await answerOf(ctx, row.id, input.timeoutMs + DELIVERY_MS);
  },
});

async function answerOf(ctx: Ctx<UserActor | ApiKeyActor>, commandId: string, timeoutMs: number): Promise<ExecResult> {
  const { orgId } = ctx.actor;
  const t = tables.commands;
  const end = performance.now() + timeoutMs;
  for (let pause = POLL_FIRST_MS; performance.now() < end; pause = Math.min(pause * 1.5, POLL_MAX_MS)) {
    await delay(pause);
    const row = await withOrg(ctx.db, orgId, async (tx) =>
      first(
        await tx
          .select({ result: t.result })
          .from(t)
          .where(and(eq(t.orgId, orgId), eq(t.id, commandId))),
      ),
    );
    if (row !== null && row.result !== null) return stored<ExecResult>(row.result);
  }
  throw new CreelError("unavailable", "The node did not answer in time. The command may still be running there.");
}
