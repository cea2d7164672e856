import { isIP } from "node:net";
import { TLSSocket } from "node:tls";
import { canonicalHost } from "@creel/policy";
import { HANDSHAKE_TIMEOUT_MS } from "./limits.ts";
import { takeOver } from "./resetSocket.ts";
import type { Flow } from "./state.ts";

/**
 * The gateway's end of a sandbox's TLS. Threat: a client that resolves an allowed name and asks for another in the handshake.
 * Invariant: a socket comes out of here only when the server name of the handshake is the name behind the connection's address
 * (none is needed when the connection went to a bare address).
 */
export type TlsResult = { socket: TLSSocket } | { refused: string };

/** Length-prefixed, RFC 7301 3.1. What the upstream offers cannot count: nobody is asked about it before a request is judged. */
const ALPN_OFFERED = Buffer.from("\x02h2\x08http/1.1", "latin1");

export async function terminateTls(flow: Flow): Promise<TlsResult> {
  const secureContext = await flow.state.leaves.contextFor(flow.host);
  let wrongName: string | null = null;
  const options = {
    isServer: true,
    secureContext,
    ALPNProtocols: ALPN_OFFERED,
    SNICallback: (name: string, done: (error: Error | null, context?: typeof secureContext) => void) => {
      if (canonicalHost(name) === flow.host) return done(null, secureContext);
      wrongName = name;
      done(new Error("server name mismatch"));
    },
  };
  const socket = new TLSSocket(flow.socket, options);
  takeOver(flow.socket, socket);
  return new Promise((resolve) => {
    const timer = setTimeout(() => finish("The TLS handshake took too long."), HANDSHAKE_TIMEOUT_MS);
    socket.once("secure", () => finish(null));
    socket.once("close", () => finish("The client ended the TLS handshake; does it trust the sandbox's CA?"));
    socket.on("error", (error) => finish(`The TLS handshake failed (${error.message}).`));
    function finish(problem: string | null): void {
      clearTimeout(timer);
      if (wrongName !== null) {
        resolve({ refused: `The TLS server name is ${wrongName}, the connection is to ${flow.host}.` });
      } else if (problem !== null) {
        resolve({ refused: problem });
      } else if (serverNameOf(socket) === null && isIP(flow.host) === 0) {
        resolve({ refused: "The TLS handshake names no server; without a name it cannot be judged." });
      } else {
        // What tls.Server would set here; node:http2 waits for it.
        Reflect.set(socket, "secureConnecting", false);
        resolve({ socket });
      }
    }
  });
}

/** Node sets `servername` on server-side sockets too (false without SNI); its types know it on none. */
function serverNameOf(socket: TLSSocket): string | null {
  const name: unknown = Reflect.get(socket, "servername");
  return typeof name === "string" && name.length > 0 ? name : null;
}
