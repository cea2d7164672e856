import type { Dispatcher } from "undici";
import { createFlow, type Flow, type Source } from "./flow.ts";
import type { IncomingHeaders } from "./headers.ts";

export interface Upstream {
  status: number;
  headers: IncomingHeaders;
  body: AsyncIterable<Buffer>;
}

export interface UpstreamRequest {
  origin: string;
  path: string;
  headers: Record<string, string>;
  body: Buffer;
  signal: AbortSignal | undefined;
}

/**
 * One call to a provider, without the copies of fetch and web streams. Resolves when the answer's headers are there; the body comes as
 * it is read. When `signal` is aborted the connection to the provider is closed, at any stage.
 */
export function dispatchUpstream(
  pool: Dispatcher,
  { origin, path, headers, body, signal }: UpstreamRequest,
): Promise<Upstream> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(new Error("aborted"));
    let flow: Flow | null = null;
    let stop: (() => void) | null = null;
    const settle = () => {
      if (stop) signal?.removeEventListener("abort", stop);
    };
    const onAbort = (abort: Source["abort"]) => {
      stop = () => abort(new Error("aborted"));
      signal?.addEventListener("abort", stop, { once: true });
      if (signal?.aborted) stop();
    };
    pool.dispatch(
      { method: "POST", origin, path, headers, body },
      {
        onRequestStart: (controller) => onAbort((reason) => controller.abort(reason)),
        onResponseStart(controller, status, incoming) {
          // An informational answer (103 and the like) precedes the real one.
          if (status < 200) return;
          flow = createFlow({
            pause: () => controller.pause(),
            resume: () => controller.resume(),
            abort: (reason) => controller.abort(reason),
          });
          resolve({ status, headers: incoming, body: flow.body });
        },
        onResponseData: (_controller, chunk) => flow?.push(chunk),
        onResponseEnd() {
          settle();
          flow?.end();
        },
        onResponseError(_controller, error) {
          settle();
          if (flow) flow.fail(error);
          else reject(error);
        },
      },
    );
  });
}
