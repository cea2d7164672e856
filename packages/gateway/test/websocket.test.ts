import { once } from "node:events";
import { type TLSSocket, connect as tlsConnect } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { closed } from "./support/client.ts";
import { createUpstream, createWorld, type Upstream, type World } from "./support/world.ts";

const HOST = "ws.example.com";
const policy = (endpoint: string) => `version: 1
network_policies:
  ws:
    name: ws
    endpoints:
      - ${endpoint}
    binaries:
      - path: /usr/bin/curl
`;
const FULL = policy(`{ host: ${HOST}, port: 443, protocol: rest, access: full }`);
const READ_ONLY = policy(`{ host: ${HOST}, port: 443, protocol: rest, access: read-only }`);

let upstream: Upstream;
let world: World;
beforeEach(async () => {
  upstream = await createUpstream(HOST, (_req, res) => res.end("no upgrade"));
  upstream.server.on("upgrade", (_req, socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => socket.write(`echo ${chunk}`));
  });
});
afterEach(async () => {
  await world.close();
  await upstream.close();
});

async function open(yaml: string): Promise<{ socket: TLSSocket; head: string }> {
  world = await createWorld({
    yaml,
    resolve: { [`${HOST}:443`]: `127.0.0.1:${upstream.port}` },
    upstreamCa: [upstream.caPem],
  });
  const port = await world.door(HOST, 443);
  const socket = tlsConnect({ host: "127.0.0.1", port, servername: HOST, ca: world.ca.certificatePem });
  socket.on("error", () => {});
  await once(socket, "secureConnect");
  socket.write(
    `GET /live HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n`,
  );
  const [chunk] = await once(socket, "data");
  return { socket, head: String(chunk) };
}

describe("a WebSocket", () => {
  it("is relayed where the endpoint is open, counted, and cut by a reload", async () => {
    const { socket, head } = await open(FULL);
    expect(head).toContain("101 Switching Protocols");
    socket.write("ping");
    const [chunk] = await once(socket, "data");
    expect(String(chunk)).toBe("echo ping");
    world.set(READ_ONLY);
    await closed(socket);
    // The record says what it was: a later version is judged by it.
    expect(world.records[0]).toMatchObject({ method: "GET", path: "/live", protocol: "wss", decision: "allow" });
    expect(world.records[0]).toMatchObject({ kind: "http", decision: "allow", path: "/live", bytesIn: 9, bytesOut: 4 });
  });

  it("is refused where each request must be judged", async () => {
    const { socket, head } = await open(READ_ONLY);
    expect(head).toContain("403 Forbidden");
    await closed(socket);
    expect(world.records[0]).toMatchObject({ decision: "deny", method: "GET", path: "/live" });
  });
});
