import { AGENT_REQUESTS_MAX, type AgentRequestAnswer } from "@creel/protocol";

/** The requests of agents that a node waits for, as its own messages say; bounded, whatever it sends. */
export interface Awaited {
  /** What the node was told: what waits is remembered, what is answered is not. */
  told(answers: readonly AgentRequestAnswer[]): void;
  ids(): string[];
}

export function createAwaited(): Awaited {
  const waiting = new Set<string>();
  return {
    told(answers) {
      for (const { id, state } of answers) {
        waiting.delete(id);
        if (state !== "waiting") continue;
        waiting.add(id);
        // The oldest gives way: its node hears of it with a heartbeat.
        const [oldest] = waiting;
        if (waiting.size > AGENT_REQUESTS_MAX && oldest !== undefined) waiting.delete(oldest);
      }
    },
    ids: () => [...waiting],
  };
}
