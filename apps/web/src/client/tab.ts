import type { getFetch } from "@trpc/client";
import { paths } from "../lib/paths.ts";
import { MOVED_HEADER, TAB_HEADER } from "../lib/tab.ts";

/** A full load: nothing of what this tab showed may remain in its memory. */
const leave = (): void => location.assign(paths.overview());

/** `fetch` for questions of this tab: they say as whom it shows, and an answer that this is over loads it anew. */
export const fetchAs =
  (identity: string): ReturnType<typeof getFetch> =>
  async (input, { signal, ...init } = {}) => {
    const headers = new Headers(init.headers);
    headers.set(TAB_HEADER, identity);
    const answer = await fetch(input, { ...init, headers, signal: signal ?? null });
    if (answer.headers.has(MOVED_HEADER)) leave();
    return answer;
  };

/** Tells the other tabs as whom this one shows, and follows the one that was loaded last: the cookie is one for all of them. */
export const followTabs = (identity: string): (() => void) => {
  const tabs = new BroadcastChannel("creel-tabs");
  tabs.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data !== identity) leave();
  };
  tabs.postMessage(identity);
  return () => tabs.close();
};
