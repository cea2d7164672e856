import { randomUUID } from "node:crypto";
import { createServer } from "node:https";
import type { DesiredState, NodeMessage } from "@creel/protocol";
import { type WebSocket, WebSocketServer } from "ws";
import { makeChain } from "../../apps/node-agent/test/world.ts";

type Chain = Awaited<ReturnType<typeof makeChain>>;
/** Several, as the gateway holds a bounded number of connections to one host. */
export const HOSTS = [0, 1, 2, 3].map((n) => `s${n}.creel.example`);

const listen = (server: ReturnType<typeof createServer>): Promise<number> =>
  new Promise((resolve) =>
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address ? address.port : 0);
    }),
  );

/** A host with answers that end and answers that do not; it counts the latter. */
export async function openWorld() {
  const chain = await makeChain(HOSTS.map((value) => ({ type: "dns", value })));
  const open = new Set<object>();
  const server = createServer({ cert: chain.certPem, key: chain.keyPem }, (request, response) => {
    if (!request.url?.startsWith("/stream/")) return void response.end("ok\n");
    open.add(response);
    response.write(": open\n");
    response.once("close", () => open.delete(response));
  });
  const port = await listen(server);
  return {
    caPem: chain.caPem,
    resolve: Object.fromEntries(HOSTS.map((host) => [`${host}:443`, `127.0.0.1:${port}`])),
    streams: () => open.size,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** As much of a hub as a node needs to be told of plans and to hand over its journal. */
export async function openHub(chain: Chain, onDecision: (decision: { timeMs: number; generation: number }) => void) {
  const server = createServer({ cert: chain.certPem, key: chain.keyPem });
  const sockets = new WebSocketServer({ server });
  let node: WebSocket | null = null;
  sockets.on("connection", (socket) => {
    const send = (message: object) => socket.send(JSON.stringify(message));
    socket.on("message", (data) => {
      const message = parsed(String(data));
      if (message.type === "hello") {
        send({ type: "welcome", protocol: 1, nodeId: randomUUID(), nodeName: "bench", orgSlug: "bench" });
        node = socket;
      } else if (message.type === "journal") {
        for (const entry of message.entries)
          if (entry.type === "decision")
            onDecision({ timeMs: Date.parse(entry.record.time), generation: entry.record.generation });
        send({ type: "journal_ack", batch: message.batch });
      }
    });
  });
  const port = await listen(server);
  return {
    url: `https://127.0.0.1:${port}`,
    connected: () => node !== null,
    push: (state: DesiredState) => node?.send(JSON.stringify({ type: "desired", state })),
    close() {
      for (const socket of sockets.clients) socket.terminate();
      server.close();
    },
  };
}

/** The node agent here is our own program: what it sends is what the protocol says. */
const parsed = (text: string): NodeMessage => JSON.parse(text) as NodeMessage;
