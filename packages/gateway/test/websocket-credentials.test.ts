import { once } from "node:events";
import { connect as tlsConnect } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { type CredentialSource, fixedSource } from "../src/index.ts";
import { createUpstream, createWorld, type Upstream, type World } from "./support/world.ts";

const HOST = "ws.example.com";
const SECRET = 'sk-live"0123456789';
const PLACEHOLDER = "creel-placeholder-TOKEN-0123456789";
const policy = (endpoint: string, path = "/live") => `version: 1
network_policies:
  ws:
    name: ws
    endpoints:
      - { host: ${HOST}, port: 443, ${endpoint} }
    binaries:
      - path: /usr/bin/curl
credentials:
  TOKEN:
    endpoints:
      - { host: ${HOST}, port: 443, path: ${path} }
`;
const REST = "protocol: rest, access: full, websocket_credential_rewrite: true";
const MESSAGES = "protocol: websocket, access: read-write, websocket_credential_rewrite: true";

let upstream: Upstream;
let world: World;
let server: WebSocketServer;
let heard: string[];

beforeEach(async () => {
  heard = [];
  upstream = await createUpstream(HOST, (_req, res) => res.end("no upgrade"));
  server = new WebSocketServer({ noServer: true });
  upstream.server.on("upgrade", (req, socket, head) => {
    server.handleUpgrade(req, socket, head, (peer) => {
      peer.on("error", () => {});
      peer.on("message", (data) => {
        heard.push(String(data));
        // In fragments, so that no frame holds it whole.
        const text = String(data);
        for (const letter of text.slice(0, -1)) peer.send(letter, { fin: false });
        peer.send(text.slice(-1), { fin: true });
      });
    });
  });
});
afterEach(async () => {
  await world.close();
  for (const peer of server.clients) peer.terminate();
  await upstream.close();
});

async function client(yaml: string, source: CredentialSource = fixedSource(SECRET)): Promise<WebSocket> {
  world = await createWorld({
    yaml,
    resolve: { [`${HOST}:443`]: `127.0.0.1:${upstream.port}` },
    upstreamCa: [upstream.caPem],
    credentials: [{ name: "TOKEN", placeholder: PLACEHOLDER, source }],
  });
  const port = await world.door(HOST, 443);
  const connection = () => tlsConnect({ host: "127.0.0.1", port, servername: HOST, ca: world.ca.certificatePem });
  const socket = new WebSocket(`wss://${HOST}/live`, { createConnection: connection });
  socket.on("error", () => {});
  await once(socket, "open");
  return socket;
}

describe("a credential in a WebSocket message", () => {
  it.each([
    ["rest", REST],
    ["websocket", MESSAGES],
  ])("is put in under protocol %s, and taken out of what comes back in fragments", async (_name, endpoint) => {
    const socket = await client(policy(endpoint));
    socket.send(JSON.stringify({ op: "identify", token: PLACEHOLDER }));
    const [reply] = await once(socket, "message");
    expect(heard).toEqual([JSON.stringify({ op: "identify", token: SECRET })]);
    expect(String(reply)).toBe(JSON.stringify({ op: "identify", token: PLACEHOLDER }));
    socket.send(`token ${PLACEHOLDER}`);
    await once(socket, "message");
    expect(heard[1]).toBe(`token ${SECRET}`);
    socket.terminate();
    await world.gateway.remove("box");
    expect(JSON.stringify(world.records)).not.toContain("sk-live");
  });

  it("stays a placeholder where the endpoint does not say so", async () => {
    const socket = await client(policy("protocol: websocket, access: read-write"));
    socket.send(PLACEHOLDER);
    await once(socket, "message");
    expect(heard).toEqual([PLACEHOLDER]);
    socket.terminate();
  });

  it.each([
    ["its binding", policy(MESSAGES, "/other")],
    ["the messages", policy("protocol: websocket, access: read-only, websocket_credential_rewrite: true")],
  ])("does not leave when a reload takes %s away while its value is fetched", async (_name, next) => {
    let give = (_value: string) => {};
    let asked = () => {};
    const wanted = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const value = new Promise<string>((resolve) => {
      give = resolve;
    });
    const socket = await client(policy(MESSAGES), {
      current: () => {
        asked();
        return value;
      },
      values: () => [SECRET],
    });
    socket.send(`token ${PLACEHOLDER}`);
    await wanted;
    const over = once(socket, "close");
    world.set(next);
    give(SECRET);
    await over;
    expect(heard).toEqual([]);
  });

  it("that is not bound there closes the WebSocket, is on record, and does not arrive", async () => {
    const socket = await client(policy(MESSAGES, "/other"));
    socket.send(`token ${PLACEHOLDER}`);
    const [code] = await once(socket, "close");
    expect(code).toBe(1008);
    expect(heard).toEqual([]);
    expect(world.records.some(({ rule, decision }) => rule === "credentials" && decision === "deny")).toBe(true);
  });
});
