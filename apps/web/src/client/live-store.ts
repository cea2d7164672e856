import type { DecisionView } from "@creel/core";

export type Connection = "connecting" | "live" | "lost";

export interface LiveState {
  connection: Connection;
  /** When the stream last said anything, in milliseconds; null before the first word. */
  heardAt: number | null;
  /** Newest first. */
  decisions: readonly DecisionView[];
}

/** What a live table shows at most; older rows are a click away on the decisions page. */
export const LIVE_ROWS_MAX = 200;

const START: LiveState = { connection: "connecting", heardAt: null, decisions: [] };

/** The page's copy of the stream, outside React so that a burst of events makes one update. */
export const createLiveStore = () => {
  let state = START;
  const listeners = new Set<() => void>();
  const topicListeners = new Set<(topics: readonly string[]) => void>();
  const set = (change: Partial<LiveState>) => {
    state = { ...state, ...change };
    for (const listener of listeners) listener();
  };
  return {
    get: () => state,
    getOnServer: () => START,
    subscribe: (listener: () => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    set,
    add: (arrived: readonly DecisionView[]) => {
      const known = new Set(state.decisions.map((item) => item.id));
      const fresh = arrived.filter((item) => !known.has(item.id)).reverse();
      set({ heardAt: Date.now(), decisions: [...fresh, ...state.decisions].slice(0, LIVE_ROWS_MAX) });
    },
    clear: () => set({ decisions: [] }),
    announce: (topics: readonly string[]) => {
      for (const listener of topicListeners) listener(topics);
    },
    onTopics: (listener: (topics: readonly string[]) => void) => {
      topicListeners.add(listener);
      return () => void topicListeners.delete(listener);
    },
  };
};
export type LiveStore = ReturnType<typeof createLiveStore>;
