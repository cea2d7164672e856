import type { RequestHead } from "../http/call.ts";
import { isGrpc } from "../http/grpc.ts";
import { type Sending, sendHttp1 } from "./http1.ts";
import { sendHttp2 } from "./http2.ts";
import type { UpstreamCall, UpstreamEvents } from "./upstreamCall.ts";

export interface SendEvents extends UpstreamEvents {
  /** False when it was cut while a connection was being made; then nothing is sent. */
  wanted(): boolean;
  /** It is on its way; its body may follow. */
  opened(call: UpstreamCall): void;
}

/**
 * Chooses the version towards the upstream. A request of HTTP/1.1 goes out as one. One of HTTP/2 goes out as it came where the server
 * offers that, and else as HTTP/1.1, which carries everything but request trailers and gRPC.
 */
export function sendUpstream(sending: Sending, head: RequestHead, reuse: boolean, events: SendEvents): void {
  const { context, flow, target } = sending;
  if (head.version !== "2") {
    sendHttp1(sending, { reuse }, events);
    return;
  }
  const fail = (message: string) => events.onFailure({ message, untouched: false, code: null });
  flow.state.pools.http2
    .open({ host: flow.host, port: flow.port, target, trust: context.trust })
    .then(
      (found) => {
        if (!events.wanted()) return void ("http1" in found && found.http1?.destroy());
        if ("held" in found) return events.opened(sendHttp2(sending, found.held, events));
        if (isGrpc(head.headers)) {
          found.http1?.destroy();
          return fail("it does not offer HTTP/2, which gRPC needs");
        }
        const how = found.http1 === null ? { reuse } : { reuse: false, socket: found.http1 };
        sendHttp1(sending, how, events);
      },
      (error: Error & { code?: string }) => fail(error.code ?? error.message),
    )
    .catch((error: unknown) => fail(error instanceof Error ? error.message : "unknown"));
}
