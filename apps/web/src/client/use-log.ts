"use client";
import type { LogChunk } from "@creel/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { shownError } from "./errors.ts";
import { useLiveStore } from "./live.tsx";
import { useTRPC } from "./trpc.ts";

/** Kept on the page; older output stays in the database and behind the API. */
const CHUNKS_KEPT = 2_000;
/** A safety net: should the word of a new piece be lost, the log is still at most this late. */
const POLL_MS = 10_000;

export interface LogState {
  chunks: readonly LogChunk[];
  loaded: boolean;
  error: string | null;
}

/** Follows a sandbox's output: loads the newest page, then continues behind its end whenever the stream says there is more. */
export const useLog = (sandboxId: string): LogState => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const store = useLiveStore();
  const [state, setState] = useState<LogState>({ chunks: [], loaded: false, error: null });

  useEffect(() => {
    let over = false;
    let running = false;
    let again = false;
    let after: number | undefined;

    const load = async () => {
      if (running) {
        again = true;
        return;
      }
      running = true;
      do {
        again = false;
        try {
          const input = after === undefined ? { sandboxId } : { sandboxId, afterOffset: after };
          const page = await queryClient.fetchQuery(trpc.sandbox.logs.queryOptions(input, { staleTime: 0, gcTime: 0 }));
          if (over) return;
          const moved = page.chunks.length > 0 && after !== undefined;
          after = page.nextOffset;
          again ||= moved;
          setState((old) => ({
            chunks: page.chunks.length === 0 ? old.chunks : [...old.chunks, ...page.chunks].slice(-CHUNKS_KEPT),
            loaded: true,
            error: null,
          }));
        } catch (error) {
          if (over) return;
          setState((old) => ({ ...old, loaded: true, error: shownError(error).message }));
        }
      } while (again && !over);
      running = false;
    };

    setState({ chunks: [], loaded: false, error: null });
    void load();
    const stop = store.onTopics((topics) => {
      if (topics.includes("logs") || topics.includes("*")) void load();
    });
    const timer = setInterval(() => void load(), POLL_MS);
    return () => {
      over = true;
      clearInterval(timer);
      stop();
    };
  }, [sandboxId, store, queryClient, trpc]);

  return state;
};
