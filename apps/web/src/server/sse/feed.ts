import { type Actor, type Ctx, decision } from "@creel/core";
import type { EventHub } from "./event-hub.ts";
import { message } from "./wire.ts";

/** At most four updates a second reach a reader: faster is not readable, and every update costs a query. */
const UPDATE_INTERVAL_MS = 250;
/** Silent longer than this and proxies cut the connection. */
const HEARTBEAT_MS = 15_000;
/** A sign-out wakes the stream through its audit row; this only catches what expires without one, and a lost wake-up. */
const REVALIDATE_MS = 5_000;
const PAGE_ROWS = 200;

export interface FeedOptions {
  ctx: Ctx;
  orgId: string;
  events: EventHub;
  signal: AbortSignal;
  /** Asks again who the reader is; null ends the stream. */
  revalidate: () => Promise<Actor | null>;
  filter: { sandboxId?: string };
  /** Where the reader left off; null starts at the newest decision. */
  resumeAt: number | null;
  /** Further behind than this is not replayed: the reader is told to load afresh. */
  replayRowsMax: number;
  /** Whether changes of other things than decisions are announced too. */
  announceChanges: boolean;
  /** When what the reader shows was loaded: changes since then, of which no stream told it, are announced first. */
  loadedAtMs: number | null;
}

/** Two sleeps: one that only the reader's leaving ends (the pace), one that any event ends (the wait). */
const sleeper = (signal: AbortSignal) => {
  let wake = () => {};
  const sleep = (ms: number, wakeable: boolean) =>
    new Promise<void>((resolve) => {
      if (signal.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        wake = () => {};
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener("abort", done);
      if (wakeable) wake = done;
    });
  return { wake: () => wake(), pace: (ms: number) => sleep(ms, false), wait: (ms: number) => sleep(ms, true) };
};

/** Its time tells a reader whether data that arrives later was loaded before the change. */
const changeMessage = (topics: readonly string[]): string =>
  message({ event: "change", data: { topics, atMs: Date.now() } });

/**
 * A reader's decisions in commit order, each exactly once, as server-sent events. The `id` of an event is the decision's
 * cursor, so a reader that comes back with Last-Event-ID continues behind the last one it got. Reading by pages from the
 * database, never from a buffer, means a slow reader costs no memory.
 */
export async function* decisionFeed(options: FeedOptions): AsyncGenerator<string> {
  const { events, signal } = options;
  let ctx = options.ctx;
  const changed = new Set<string>(["decisions"]);
  const { wake, pace, wait } = sleeper(signal);
  const unsubscribe = events.subscribe(options.orgId, (topic) => {
    changed.add(topic);
    wake();
  });
  try {
    const newest = (await decision.list({ ctx, input: { limit: 1 } })).lastCursor;
    let cursor = options.resumeAt ?? newest;
    if (cursor > newest || newest - cursor > options.replayRowsMax) {
      cursor = newest;
      yield message({ event: "resync", id: cursor, data: { cursor } });
    } else yield message({ event: "ready", id: cursor, data: { cursor } });
    const missed = options.loadedAtMs === null ? [] : events.publishedSince(options.orgId, options.loadedAtMs);
    if (options.announceChanges && missed.length > 0) yield changeMessage(missed);

    let checkedAt = Date.now();
    let spokeAt = Date.now();
    while (!signal.aborted) {
      const now = Date.now();
      if (changed.has("audit") || changed.has("*") || now - checkedAt >= REVALIDATE_MS) {
        const actor = await options.revalidate();
        if (actor === null) {
          yield message({ event: "end", data: { reason: "unauthenticated" } });
          return;
        }
        ctx = { ...ctx, actor };
        checkedAt = now;
      }
      const topics = [...changed];
      changed.clear();
      if (options.announceChanges && topics.some((topic) => topic !== "decisions")) {
        yield changeMessage(topics);
        spokeAt = now;
      }
      if (topics.includes("decisions") || topics.includes("*")) {
        for (;;) {
          const page = await decision.list({ ctx, input: { ...options.filter, after: cursor, limit: PAGE_ROWS } });
          for (const item of page.items) {
            cursor = item.cursor;
            yield message({ event: "decision", id: item.cursor, data: item });
          }
          if (page.items.length > 0) spokeAt = now;
          if (page.items.length < PAGE_ROWS || signal.aborted) break;
        }
      }
      if (now - spokeAt >= HEARTBEAT_MS) {
        yield message({ event: "alive", data: {} });
        spokeAt = now;
      }
      await pace(UPDATE_INTERVAL_MS);
      if (changed.size === 0) await wait(REVALIDATE_MS - UPDATE_INTERVAL_MS);
    }
  } finally {
    unsubscribe();
  }
}
