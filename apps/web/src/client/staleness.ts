import type { Query, QueryClient } from "@tanstack/react-query";
import { CLOCK_MARGIN_MS } from "../lib/tab.ts";

/** Which tRPC routers' answers a topic makes stale. */
const staleRouters: Readonly<Record<string, readonly string[]>> = {
  decisions: ["decision"],
  sandboxes: ["sandbox"],
  logs: [],
  nodes: ["node", "sandbox"],
  plans: ["plan", "node", "sandbox"],
  notices: ["notice"],
  policies: ["policy", "sandbox"],
  changes: ["change", "approvalPolicy", "delegation", "policy"],
  audit: ["audit", "token", "auth"],
  commands: [],
  secrets: ["secret"],
  exceptions: ["exception", "inbox", "agentRequest"],
};
const EVERYTHING = "*";

const routersOf = (topics: readonly string[]): ReadonlySet<string> =>
  new Set(topics.flatMap((topic) => (topic === EVERYTHING ? [EVERYTHING] : (staleRouters[topic] ?? []))));

/** The router that a query asks; null where it is none, and for a log, which is continued by its own page and not loaded again. */
function routerOf(query: Query): string | null {
  const [path] = query.queryKey;
  if (!Array.isArray(path)) return null;
  const [router, procedure] = path;
  return router === "sandbox" && procedure === "logs" ? null : String(router);
}

export function refresh(queryClient: QueryClient, topics: readonly string[]): void {
  const routers = routersOf(topics);
  void queryClient.invalidateQueries({
    predicate: (query) => {
      const router = routerOf(query);
      return router !== null && (routers.has(EVERYTHING) || routers.has(router));
    },
  });
}

/**
 * Asks again what has changed, and what a page brings that was loaded on the server before a change: the word of that change was here
 * before the data. Times of changes and of a page's data are both the server's.
 */
export function watchStaleness(queryClient: QueryClient): {
  changed(topics: readonly string[], atMs: number): void;
  stop(): void;
} {
  const changedAtMs = new Map<string, number>();
  const stop = queryClient.getQueryCache().subscribe((event) => {
    // A page's data comes into the cache as a new query, or is set on one that is there; what the browser asked comes otherwise.
    const brought = event.type === "added" || (event.type === "updated" && event.action.type === "setState");
    const loadedAtMs = event.query.state.dataUpdatedAt;
    if (!brought || loadedAtMs === 0) return;
    const router = routerOf(event.query);
    if (router === null) return;
    const lastMs = Math.max(changedAtMs.get(router) ?? 0, changedAtMs.get(EVERYTHING) ?? 0);
    if (lastMs >= loadedAtMs - CLOCK_MARGIN_MS)
      void queryClient.invalidateQueries({ queryKey: event.query.queryKey, exact: true });
  });
  return {
    changed(topics, atMs) {
      for (const router of routersOf(topics)) changedAtMs.set(router, atMs);
      refresh(queryClient, topics);
    },
    stop,
  };
}
