import { dehydrate, hydrate, QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { watchStaleness } from "../src/client/staleness.ts";

const KEY = [["agentRequest", "list"], { input: { waiting: true }, type: "query" }];
const NOW_MS = Date.now();

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"] }));
afterEach(() => void vi.useRealTimers());

/** What the server read at that time, as a page brings it. */
function loadedOnServer(atMs: number, queryKey: readonly unknown[] = KEY) {
  vi.setSystemTime(atMs);
  const server = new QueryClient();
  server.setQueryData(queryKey, "before");
  return dehydrate(server);
}

/** A browser with its stream; a part of the page that shows `KEY` asks again where it holds the data for stale. */
function tab() {
  const client = new QueryClient({ defaultOptions: { queries: { staleTime: 3_600_000 } } });
  const staleness = watchStaleness(client);
  let asked = 0;
  const queryFn = () => {
    asked += 1;
    return Promise.resolve("after");
  };
  const show = () => new QueryObserver(client, { queryKey: KEY, queryFn }).subscribe(() => undefined);
  return { client, staleness, show, asked: () => asked };
}

describe("what a page shows after a change", () => {
  it("is asked again where it came after the word of the change and was loaded before it", () => {
    const { client, staleness, show, asked } = tab();
    staleness.changed(["exceptions"], NOW_MS);
    hydrate(client, loadedOnServer(NOW_MS - 500));
    show();
    expect(asked()).toBe(1);
  });

  it("is asked again where all may have changed", () => {
    const { client, staleness, show, asked } = tab();
    staleness.changed(["*"], NOW_MS);
    hydrate(client, loadedOnServer(NOW_MS - 500));
    show();
    expect(asked()).toBe(1);
  });

  it("is asked again where a page brings it for the second time", () => {
    const { client, staleness, show, asked } = tab();
    hydrate(client, loadedOnServer(NOW_MS - 60_000));
    show();
    expect(asked()).toBe(0);
    vi.setSystemTime(NOW_MS);
    staleness.changed(["policies"], NOW_MS);
    client.setQueryData(KEY, "kept");
    expect(asked()).toBe(0);
    const page = loadedOnServer(NOW_MS + 500);
    staleness.changed(["exceptions"], NOW_MS + 1_000);
    expect(asked()).toBe(1);
    hydrate(client, page);
    expect(asked()).toBe(2);
  });

  it("is not asked again where it was loaded after the change, or something else changed", () => {
    const { client, staleness, show, asked } = tab();
    staleness.changed(["exceptions"], NOW_MS - 10_000);
    staleness.changed(["policies"], NOW_MS);
    hydrate(client, loadedOnServer(NOW_MS));
    show();
    expect(asked()).toBe(0);
  });

  it("is asked again at once where it stands there", () => {
    const { client, staleness, show, asked } = tab();
    hydrate(client, loadedOnServer(NOW_MS));
    show();
    staleness.changed(["exceptions"], NOW_MS);
    expect(asked()).toBe(1);
  });
});
