"use client";
import type { DecisionView } from "@creel/core";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, use, useEffect, useState, useSyncExternalStore } from "react";
import { paths } from "../lib/paths.ts";
import { LOADED_PARAMETER, TAB_PARAMETER } from "../lib/tab.ts";
import { createLiveStore, type LiveState, type LiveStore } from "./live-store.ts";
import { refresh, watchStaleness } from "./staleness.ts";

const LiveContext = createContext<LiveStore | null>(null);

/** Events that arrive together are shown together. */
const FLUSH_MS = 100;
/** Charts and counts follow a busy feed at this pace; each costs a query over many rows. */
const REFRESH_MS = 2_000;
/** A stream that says nothing for this long is dead even if the socket does not know it: the server speaks every 15 s. */
const SILENCE_MS = 40_000;

/** Guarantee: the server's own feed made this text from a DecisionView. */
const parseDecision = (text: string) => JSON.parse(text) as DecisionView;
const parseChange = (text: string) => JSON.parse(text) as { topics: string[]; atMs: number };

interface Tab {
  identity: string;
  loadedAtMs: number;
}

const connect = (store: LiveStore, queryClient: QueryClient, { identity, loadedAtMs }: Tab): (() => void) => {
  const staleness = watchStaleness(queryClient);
  let arrived: DecisionView[] = [];
  let flushTimer: ReturnType<typeof setTimeout> | undefined;
  let refreshTimer: ReturnType<typeof setTimeout> | undefined;
  const flush = () => {
    flushTimer = undefined;
    store.add(arrived);
    arrived = [];
    refreshTimer ??= setTimeout(() => {
      refreshTimer = undefined;
      refresh(queryClient, ["decisions"]);
    }, REFRESH_MS);
  };
  let lastId = "";
  let source: EventSource;
  const open = () => {
    const asked = new URLSearchParams({
      [TAB_PARAMETER]: identity,
      [LOADED_PARAMETER]: String(loadedAtMs),
      ...(lastId === "" ? {} : { after: lastId }),
    });
    source = new EventSource(`/api/stream?${asked}`);
    const heard = (event: MessageEvent) => {
      if (event.lastEventId) lastId = event.lastEventId;
      store.set({ connection: "live", heardAt: Date.now() });
    };
    source.addEventListener("ready", heard);
    source.addEventListener("resync", (event) => {
      heard(event);
      store.clear();
      refresh(queryClient, ["*"]);
    });
    source.addEventListener("decision", (event) => {
      heard(event);
      arrived.push(parseDecision(event.data));
      flushTimer ??= setTimeout(flush, FLUSH_MS);
    });
    source.addEventListener("change", (event) => {
      heard(event);
      const { topics, atMs } = parseChange(event.data);
      staleness.changed(topics, atMs);
      store.announce(topics);
    });
    source.addEventListener("alive", heard);
    source.addEventListener("end", () => {
      source.close();
      location.assign(paths.signIn(location.pathname + location.search));
    });
    source.addEventListener("moved", () => {
      source.close();
      location.assign(paths.overview());
    });
    source.addEventListener("error", () => store.set({ connection: "lost" }));
  };
  open();
  const watchdog = setInterval(() => {
    const silentMs = Date.now() - (store.get().heardAt ?? Date.now());
    // A browser gives up for good on an answer that is not a stream (a server just starting); asking anew is then up to us.
    if (source.readyState === EventSource.CLOSED || silentMs > SILENCE_MS) {
      source.close();
      open();
    }
  }, 2_000);
  return () => {
    clearInterval(watchdog);
    clearTimeout(flushTimer);
    clearTimeout(refreshTimer);
    source.close();
    staleness.stop();
  };
};

/** Opens the one stream of this tab; every page reads from it, so the browser's few connections stay free for calls. */
export const LiveProvider = (props: { identity: string; loadedAtMs: number; children: ReactNode }) => {
  const { identity, children } = props;
  const [store] = useState(createLiveStore);
  // A layout that is rendered anew brings a later time; what this tab holds may be older.
  const [loadedAtMs] = useState(props.loadedAtMs);
  const queryClient = useQueryClient();
  useEffect(() => connect(store, queryClient, { identity, loadedAtMs }), [store, queryClient, identity, loadedAtMs]);
  return <LiveContext value={store}>{children}</LiveContext>;
};

export const useLiveStore = (): LiveStore => {
  const store = use(LiveContext);
  if (!store) throw new Error("useLiveStore needs a LiveProvider above it");
  return store;
};

export const useLive = (): LiveState => {
  const store = useLiveStore();
  return useSyncExternalStore(store.subscribe, store.get, store.getOnServer);
};
