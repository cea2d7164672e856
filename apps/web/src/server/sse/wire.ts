import { CLOCK_MARGIN_MS, LOADED_PARAMETER } from "../../lib/tab.ts";

/** The text of server-sent events (WHATWG HTML, section 9.2). JSON has no line breaks of its own, so one `data` line holds it. */
export const message = (part: { event: string; id?: number; data: unknown }): string =>
  `${part.id === undefined ? "" : `id: ${part.id}\n`}event: ${part.event}\ndata: ${JSON.stringify(part.data)}\n\n`;

/** How long a browser waits before it comes back. */
export const RETRY_MS = 1_000;

/** From when on the reader may have missed a change: by the server's own clock, as it told the page. */
export const loadedPoint = (request: Request): number | null => {
  const text = new URL(request.url).searchParams.get(LOADED_PARAMETER);
  return text !== null && /^[0-9]{1,15}$/.test(text) ? Number(text) - CLOCK_MARGIN_MS : null;
};

/** The reader's Last-Event-ID; a browser sends the header, a page that reconnects by itself may use `?after=`. */
export const resumePoint = (request: Request): number | null => {
  const text = request.headers.get("last-event-id") ?? new URL(request.url).searchParams.get("after");
  return text !== null && /^[0-9]{1,15}$/.test(text) ? Number(text) : null;
};

/** A generator of text as a streaming answer; pulled by the reader, so nothing piles up for one that is slow. */
export const streamResponse = (feed: AsyncGenerator<string>, abort: AbortController, requestId: string): Response => {
  const encoder = new TextEncoder();
  const stop = async () => {
    abort.abort();
    await feed.return(undefined);
  };
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(encoder.encode(`retry: ${RETRY_MS}\n\n`)),
    pull: async (controller) => {
      try {
        const next = await feed.next();
        if (next.done) controller.close();
        else controller.enqueue(encoder.encode(next.value));
      } catch {
        // The reader comes back with its Last-Event-ID; the cause is logged where it was thrown.
        controller.close();
      }
    },
    cancel: stop,
  });
  return new Response(body, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
      "x-request-id": requestId,
    },
  });
};
