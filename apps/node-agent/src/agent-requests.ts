/**
 * What the agents of this host ask people for, on its way to the hub and back. Threat: an agent that floods, so that others of this host
 * cannot ask, or so that a message grows past what the hub takes and the node loses its connection, and with it the kill switch.
 * Invariant: what waits is bounded, by host and by message; whoever asks most gives way first, and hears of it; each thing is kept once,
 * and nothing here allows anything: an answer is a word, what it means comes with a plan.
 */
import { AGENT_REQUESTS_MAX, type AgentRequest, type AgentRequestAnswer } from "@creel/protocol";

export interface AgentRequests {
  ask(request: AgentRequest): void;
  /** Sends some of what has no answer yet, in turn; called when a connection stands and with each heartbeat. */
  send(): void;
  answered(answers: readonly AgentRequestAnswer[]): void;
}

/** Of one message: a request has at most some 45 KiB in JSON (program, path and reason, each letter escaped), a message 4 MiB. */
export const REQUESTS_PER_MESSAGE_MAX = 32;

export function createAgentRequests(options: {
  send: (requests: AgentRequest[]) => boolean;
  onAnswers: (answers: readonly AgentRequestAnswer[]) => void;
}): AgentRequests {
  /** In the order in which they are sent: whose turn it was goes to the end. */
  const waiting = new Map<string, AgentRequest>();

  /** Of the sandbox that has most waiting, the one that waits longest for its turn. */
  function giveWay(): void {
    const held = new Map<string, number>();
    for (const { sandboxId } of waiting.values()) held.set(sandboxId, (held.get(sandboxId) ?? 0) + 1);
    const most = Math.max(...held.values());
    const gone = [...waiting.values()].find(({ sandboxId }) => held.get(sandboxId) === most);
    if (gone === undefined) return;
    waiting.delete(gone.id);
    options.onAnswers([{ id: gone.id, state: "over", answer: "Too much is asked on this host. Ask again later." }]);
  }

  return {
    ask(request) {
      if (!waiting.has(request.id) && waiting.size >= AGENT_REQUESTS_MAX) giveWay();
      // That it is asked anew is said once: said with each heartbeat, it would begin anew whenever it is over; never said, it stays over.
      const again = request.again || waiting.get(request.id)?.again === true;
      const sent = options.send([{ ...request, again }]);
      waiting.set(request.id, { ...request, again: again && !sent });
    },
    send() {
      const turn = [...waiting.values()].slice(0, REQUESTS_PER_MESSAGE_MAX);
      if (turn.length === 0 || !options.send(turn)) return;
      for (const request of turn) {
        waiting.delete(request.id);
        waiting.set(request.id, { ...request, again: false });
      }
    },
    answered(answers) {
      for (const { id, state } of answers) if (state !== "waiting") waiting.delete(id);
      options.onAnswers(answers);
    },
  };
}
