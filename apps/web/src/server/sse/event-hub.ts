import type { CreelEvent } from "@creel/db";

type Listener = (topic: string) => void;

/**
 * One listener on the database feeds every open stream of this process. An event carries no data, only that something
 * changed: each stream then reads with its own reader's rights.
 */
export class EventHub {
  readonly #byOrg = new Map<string, Set<Listener>>();
  /** When each topic of an org was last published; there are few topics, so this grows with the orgs alone. */
  readonly #publishedAtMs = new Map<string, Map<string, number>>();
  /** Of what changed before this, the process knows nothing. */
  #blindUntilMs = Date.now();
  readonly #closing = new AbortController();

  publish(event: CreelEvent): void {
    if (event.topic === "*") {
      this.#blindUntilMs = Date.now();
      for (const listeners of this.#byOrg.values()) for (const listener of listeners) listener("*");
      return;
    }
    const topics = this.#publishedAtMs.get(event.orgId) ?? new Map<string, number>();
    this.#publishedAtMs.set(event.orgId, topics.set(event.topic, Date.now()));
    for (const listener of this.#byOrg.get(event.orgId) ?? []) listener(event.topic);
  }

  /** The topics published since then; `*` where this process may have missed some. */
  publishedSince(orgId: string, sinceMs: number): string[] {
    if (sinceMs <= this.#blindUntilMs) return ["*"];
    const topics = [...(this.#publishedAtMs.get(orgId) ?? [])];
    return topics.filter(([, atMs]) => atMs >= sinceMs).map(([topic]) => topic);
  }

  subscribe(orgId: string, listener: Listener): () => void {
    const listeners = this.#byOrg.get(orgId) ?? new Set();
    listeners.add(listener);
    this.#byOrg.set(orgId, listeners);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#byOrg.delete(orgId);
    };
  }

  /** Aborted when the process is about to end, so that no open stream holds it up. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  close(): void {
    this.#closing.abort();
  }
}
