/**
 * What one sandbox asks people for. Threat: an agent that floods people with requests, or takes the memory of the gateway with them.
 * Invariant: number, size and rate are bounded; the same thing is the same request; asking allows nothing.
 */
import { createHash } from "node:crypto";
import type { AgentRequest, AgentRequestAnswer, ExceptionScope } from "@creel/protocol";
import { AGENT_REQUESTS_PER_MINUTE_MAX, AGENT_REQUESTS_PER_SANDBOX_MAX, AGENT_WAITS_MAX } from "../limits.ts";

/** One more than a sandbox may ask; why, as a sentence, and when it may be asked. */
export interface TooMany {
  tooMany: string;
  retryAfterSeconds: number;
}

export interface SandboxRequests {
  /** The request's state; `nobody` where nobody can be asked. */
  ask(scope: ExceptionScope, reason: string): AgentRequestAnswer | TooMany | "nobody";
  /** Null: nothing of that name was asked here, or it was too long ago. */
  get(id: string): AgentRequestAnswer | null;
  /** Calls back once, when it is answered or waits for something else; gives what forgets it, or null where too many wait. */
  onAnswer(id: string, callback: () => void): (() => void) | null;
  answered(answers: readonly AgentRequestAnswer[]): void;
  close(): void;
}

const MINUTE_MS = 60_000;
const TOO_MANY_WAIT: TooMany = {
  tooMany: `${AGENT_REQUESTS_PER_SANDBOX_MAX} requests of this sandbox wait for people. Ask again once some of them are answered.`,
  retryAfterSeconds: 60,
};

/** Version 8 of a UUID (RFC 9562 5.8): made of what it names, so that whoever asks again names the same. */
export function requestId(sandboxId: string, { binary, host, port, method, path }: ExceptionScope): string {
  const text = JSON.stringify([sandboxId, binary, host, port, method ?? null, path ?? null]);
  const hex = createHash("sha256").update(text).digest("hex");
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

export function createSandboxRequests(options: {
  sandboxId: string;
  onAsk: ((request: AgentRequest) => void) | null;
  now: () => number;
}): SandboxRequests {
  const { sandboxId, onAsk, now } = options;
  const known = new Map<string, AgentRequestAnswer>();
  const waiting = new Map<() => void, string>();
  let minute = { startMs: 0, count: 0 };

  /** Null: it may ask. The minute begins with the first and ends by itself, so that who asks too often is not silenced for longer. */
  function tooOften(): TooMany | null {
    // A clock that was set back begins a new minute too.
    const sinceMs = now() - minute.startMs;
    if (sinceMs >= MINUTE_MS || sinceMs < 0) minute = { startMs: now(), count: 0 };
    minute.count += 1;
    if (minute.count <= AGENT_REQUESTS_PER_MINUTE_MAX) return null;
    const retryAfterSeconds = Math.ceil((minute.startMs + MINUTE_MS - now()) / 1000);
    const tooMany = `${AGENT_REQUESTS_PER_MINUTE_MAX} new things may be asked for in a minute. Ask again in ${retryAfterSeconds} s.`;
    return { tooMany, retryAfterSeconds };
  }
  /** Makes room by forgetting what was answered longest ago; what waits is not forgotten. */
  function hasRoom(): boolean {
    if (known.size < AGENT_REQUESTS_PER_SANDBOX_MAX) return true;
    const oldest = [...known.values()].find(({ state }) => state !== "waiting");
    return oldest !== undefined && known.delete(oldest.id);
  }

  return {
    ask(scope, reason) {
      if (onAsk === null) return "nobody";
      const id = requestId(sandboxId, scope);
      const before = known.get(id);
      if (before?.state === "waiting") return before;
      const refused = tooOften();
      if (refused !== null) return refused;
      if (before === undefined && !hasRoom()) return TOO_MANY_WAIT;
      const asked: AgentRequestAnswer = { id, state: "waiting", answer: "" };
      known.set(id, asked);
      onAsk({ ...scope, id, sandboxId, reason, again: true });
      return asked;
    },
    get: (id) => known.get(id) ?? null,
    onAnswer(id, callback) {
      if (waiting.size >= AGENT_WAITS_MAX) return null;
      waiting.set(callback, id);
      return () => void waiting.delete(callback);
    },
    answered(answers) {
      for (const answer of answers) {
        const before = known.get(answer.id);
        if (before === undefined) continue;
        known.set(answer.id, answer);
        // It is told each time the node asks; whoever waits is woken by what they have not heard.
        if (answer.state === "waiting" && answer.answer === before.answer) continue;
        for (const [callback, id] of [...waiting]) {
          if (id !== answer.id) continue;
          waiting.delete(callback);
          callback();
        }
      }
    },
    close() {
      for (const callback of waiting.keys()) callback();
      waiting.clear();
    },
  };
}
