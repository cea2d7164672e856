import { agentRequest, CreelError, type Ctx, command, decision, node, plan, sandbox } from "@creel/core";
import type { HubMessage, NodeMessage } from "@creel/protocol";
import type { Logger } from "pino";
import type { Metrics } from "../metrics.ts";
import type { Awaited } from "./awaited.ts";

export interface HandlerTools {
  /** Carries the node's actor: no verb here can be asked for another node's things. */
  ctx: Ctx;
  log: Logger;
  metrics: Metrics;
  send: (message: HubMessage) => boolean;
  awaited: Awaited;
}

/** Turns one message into one verb. Throws what the verb throws; what merely does not exist any more is counted and forgotten. */
export async function handleMessage(tools: HandlerTools, message: NodeMessage): Promise<void> {
  const { ctx, metrics, send } = tools;
  switch (message.type) {
    case "hello":
      // A second hello is a node that lost count; the answer is a fresh start.
      throw new CreelError("invalid_input", "hello came twice");
    case "heartbeat":
      await node.heartbeat({ ctx, input: { statuses: message.statuses } });
      return;
    case "status":
      return await forgiving(tools, message.type, sandbox.reportStatus({ ctx, input: { status: message.status } }));
    case "plan_result": {
      const { planId, generation, ok, reason } = message;
      return await forgiving(
        tools,
        message.type,
        plan.recordResult({ ctx, input: { planId, generation, ok, reason } }),
      );
    }
    case "journal": {
      // The acknowledgement follows the commit: until then the node keeps the lines.
      const told = await decision.ingest({ ctx, input: { entries: message.entries } });
      metrics.count("creel_hub_decisions_total", { result: "stored" }, told.stored);
      metrics.count("creel_hub_decisions_total", { result: "duplicate" }, told.duplicates);
      if (told.refused > 0) {
        metrics.count("creel_hub_decisions_total", { result: "refused" }, told.refused);
        tools.log.warn({ refused: told.refused }, "the node sent decisions of sandboxes that are not its own");
      }
      send({ type: "journal_ack", batch: message.batch });
      return;
    }
    case "log": {
      const { sandboxId, incarnation, offset, data, dropped } = message;
      const input = { sandboxId, incarnation, offset, data, dropped };
      return await forgiving(tools, message.type, sandbox.appendLog({ ctx, input }));
    }
    case "agent_requests": {
      const { answers } = await agentRequest.ask({ ctx, input: { requests: message.requests } });
      tools.awaited.told(answers);
      send({ type: "agent_answers", answers });
      return;
    }
    case "exec_result": {
      const { commandId, result } = message;
      return await forgiving(tools, message.type, command.complete({ ctx, input: { commandId, result } }));
    }
    case "renew": {
      const { certificatePem } = await node.renew({ ctx, input: { csrPem: message.csrPem } });
      send({ type: "renewed", certificatePem });
      return;
    }
  }
}

/** A sandbox that was removed while its last words were under way is no reason to end the connection; another node's sandbox looks the same. */
async function forgiving(tools: HandlerTools, type: NodeMessage["type"], verb: Promise<unknown>): Promise<void> {
  try {
    await verb;
  } catch (error) {
    if (!(error instanceof CreelError) || (error.code !== "not_found" && error.code !== "conflict")) throw error;
    tools.metrics.count("creel_hub_messages_refused_total", { type });
    tools.log.warn({ type, code: error.code }, "a node spoke of something that is not, or no longer, its own");
  }
}
