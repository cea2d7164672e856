/**
 * The door for nodes. Threat: a stranger, a node of another org, or a node that was revoked opens the socket. Invariant: TLS proved
 * that the peer holds the certificate's key, and the database alone says which node of which org that certificate is and whether it
 * still counts; until it has said so no byte of WebSocket is spoken.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";
import type { NodeActor } from "@creel/core";
import { WS_FRAME_BYTES_MAX } from "@creel/protocol";
import type { Logger } from "pino";
import { type WebSocket, WebSocketServer } from "ws";
import { createRateLimiter } from "../http/rateLimit.ts";
import { REFUSED_PER_ADDRESS } from "../limits.ts";
import type { Metrics } from "../metrics.ts";

export interface Admitted {
  socket: WebSocket;
  actor: NodeActor;
  certificatePem: string;
}

export function createUpgrade(options: {
  authenticate: (certificatePem: string) => Promise<NodeActor | null>;
  onAdmitted: (admitted: Admitted) => void;
  log: Logger;
  metrics: Metrics;
  now: () => number;
}) {
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: WS_FRAME_BYTES_MAX,
    perMessageDeflate: false,
    clientTracking: false,
  });
  const refusals = createRateLimiter(REFUSED_PER_ADDRESS, options.now);

  const refuse = (socket: Duplex, status: "401 Unauthorized" | "404 Not Found" | "503 Service Unavailable") => {
    options.metrics.count("creel_hub_upgrades_total", { result: status.slice(0, 3) });
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  };

  return async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    socket.on("error", () => socket.destroy());
    if (request.url !== "/v1/node") return refuse(socket, "404 Not Found");
    const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
    const address = request.socket.remoteAddress ?? "unknown";
    let actor: NodeActor | null = null;
    const certificatePem = certificate?.toString() ?? "";
    try {
      if (certificatePem) actor = await options.authenticate(certificatePem);
    } catch (error) {
      options.log.error({ err: error }, "a node's certificate could not be checked");
      return refuse(socket, "503 Service Unavailable");
    }
    if (!actor) {
      if (!refusals.take(address)) return void socket.destroy();
      options.log.warn(
        { address, certificate: certificatePem !== "" },
        "a node without a certificate that counts was refused",
      );
      return refuse(socket, "401 Unauthorized");
    }
    const admitted = actor;
    options.metrics.count("creel_hub_upgrades_total", { result: "101" });
    server.handleUpgrade(request, socket, head, (ws) =>
      options.onAdmitted({ socket: ws, actor: admitted, certificatePem }),
    );
  };
}
