import { createHttpFront, type HttpFront } from "../http/front.ts";
import { refuseMalformed } from "../http/rawAnswers.ts";
import { peekFirstBytes } from "../peek.ts";
import { resetSocket } from "../resetSocket.ts";
import { refuse } from "../settle.ts";
import type { Context, Flow, Subject } from "../state.ts";
import { onProxiedRequest, onProxiedUpgrade } from "./absolute.ts";
import { onConnect } from "./tunnel.ts";

/**
 * A forward proxy for clients that insist on one (`HTTP_PROXY`, `HTTPS_PROXY`). Threat: a second way out with rules of its own, or a
 * place where what was judged and what is sent part. Invariant: nothing is decided here; a `CONNECT` becomes the connection it asks
 * for and an absolute-form request the request it is, each judged by the lines that judge those which come without a proxy.
 */
export interface ProxyFront {
  serve(flow: Flow, subject: Subject): Promise<void>;
}

export function createProxyFront(context: Context, inner: HttpFront): ProxyFront {
  const front = createHttpFront({
    onCall: (flow, call) => {
      onProxiedRequest(context, flow, call).catch(() => call.cut());
    },
    onUpgrade: (flow, head, socket, rest) => {
      const served =
        head.method === "CONNECT"
          ? onConnect({ context, front: inner, flow, head, rest })
          : onProxiedUpgrade(context, flow, head, socket, rest);
      served.catch(() => resetSocket(flow.socket));
    },
    onMalformed: (flow, socket, problem) => {
      refuseMalformed(context, flow, socket, problem).catch(() => resetSocket(flow.socket));
    },
  });
  return {
    async serve(flow, subject) {
      const first = await peekFirstBytes(flow.socket);
      if (first === "http") return front.serve(flow, flow.socket);
      if (first !== "closed") {
        const reason = "The proxy is spoken to in plain HTTP; TLS goes into the tunnel that `CONNECT` opens.";
        await refuse(context, flow.state, subject, reason);
      }
      resetSocket(flow.socket);
    },
  };
}
