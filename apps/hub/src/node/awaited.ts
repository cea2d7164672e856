import { AGENT_REQUESTS_MAX, type AgentRequestAnswer } from "@creel/protocol";

/** The requests of agents that a node waits for, as its own messages say; bounded, whatever it sends. */
export interface Awaited {
  /** What the node was told: what waits is remembered, what is answered is not. */
  told(answers: readonly AgentRequestAnswer[]): void;
  ids(): string[];
  /** Whether it says more than the node was told: that it is answered, or that it waits for something else. */
  isNews(answer: AgentRequestAnswer): boolean;
}

export function createAwaited(): Awaited {
  /** With what each was told to wait for. */
  const waiting = new Map<string, string>();
  return {
    told(answers) {
      for (const { id, state, answer } of answers) {
        waiting.delete(id);
        if (state !== "waiting") continue;
        waiting.set(id, answer);
        // The oldest gives way: its node hears of it with a heartbeat.
        const [oldest] = waiting.keys();
        if (waiting.size > AGENT_REQUESTS_MAX && oldest !== undefined) waiting.delete(oldest);
      }
    },
    ids: () => [...waiting.keys()],
    isNews: ({ id, state, answer }) => state !== "waiting" || (waiting.has(id) && waiting.get(id) !== answer),
  };
}
