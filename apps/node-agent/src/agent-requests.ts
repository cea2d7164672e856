/**
 * What the agents of this host ask people for, on its way to the hub and back. Threat: an agent that floods. Invariant: what waits is
 * bounded, each thing is kept once, and nothing here allows anything: an answer is a word, what it means comes with a plan.
 */
import { AGENT_REQUESTS_MAX, type AgentRequest, type AgentRequestAnswer } from "@creel/protocol";

export interface AgentRequests {
  ask(request: AgentRequest): void;
  /** Sends what has no answer yet; called when a connection stands and with each heartbeat. */
  send(): void;
  answered(answers: readonly AgentRequestAnswer[]): void;
}

export function createAgentRequests(options: {
  send: (requests: AgentRequest[]) => boolean;
  onAnswers: (answers: readonly AgentRequestAnswer[]) => void;
}): AgentRequests {
  const waiting = new Map<string, AgentRequest>();
  return {
    ask(request) {
      // One too many takes the place of none: its agent hears nothing new and may ask again.
      if (!waiting.has(request.id) && waiting.size >= AGENT_REQUESTS_MAX) return;
      waiting.set(request.id, { ...request, again: false });
      options.send([request]);
    },
    send() {
      if (waiting.size > 0) options.send([...waiting.values()]);
    },
    answered(answers) {
      for (const { id, state } of answers) if (state !== "waiting") waiting.delete(id);
      options.onAnswers(answers);
    },
  };
}
