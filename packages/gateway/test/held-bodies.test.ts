import { once } from "node:events";
import { type TLSSocket, connect as tlsConnect } from "node:tls";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { heldBytes } from "../src/http/heldBodies.ts";
import { HELD_BODY_ARRIVAL_MS, HELD_BODY_BYTES_PER_SANDBOX_MAX, INFERENCE_BODY_BYTES_MAX } from "../src/limits.ts";
import { ask } from "./support/client.ts";
import { http2Through } from "./support/http2Client.ts";
import { CURL, createUpstream, createWorld, type Upstream, type World } from "./support/world.ts";

/** Bodies are held to be judged, and a sandbox that never ends them must not fill the memory that all sandboxes share. */
const MODEL = "inference.local";
const HOST = "api.example.com";
const MIB = 1024 * 1024;
const policy = (limits = "", model = "/usr/bin/curl") => `version: 1
${limits === "" ? "" : `sandbox: { limits: { ${limits} } }\n`}inference:
  models: ["*"]
  binaries: [{ path: ${model} }]
network_policies:
  api:
    name: api
    endpoints:
      - { host: ${HOST}, port: 443, path: /rpc, protocol: json-rpc, rules: [{ allow: { method: getA } }] }
      - { host: ${HOST}, port: 443, path: /live, protocol: websocket, access: full }
      - { host: ${HOST}, port: 443, path: "/open/**", protocol: rest, access: full }
    binaries: [{ path: /usr/bin/curl }]
`;

let upstream: Upstream;
let worlds: World[];
let sockets: TLSSocket[];
let waiting: number;

beforeEach(async () => {
  worlds = [];
  sockets = [];
  waiting = 0;
  upstream = await createUpstream(HOST, (req, res) => {
    req.resume();
    if (req.url !== "/open/never") return void res.end("done");
    waiting += 1;
    res.write("and so on");
  });
  const server = new WebSocketServer({ noServer: true });
  upstream.server.on("upgrade", (req, socket, head) => server.handleUpgrade(req, socket, head, () => {}));
});
afterEach(async () => {
  vi.useRealTimers();
  for (const socket of sockets) socket.destroy();
  for (const world of worlds) await world.close();
  await upstream.close();
  await expect.poll(heldBytes).toBe(0);
});

async function start(yaml = policy()): Promise<World> {
  const world = await createWorld({
    yaml,
    resolve: { [`${HOST}:443`]: `127.0.0.1:${upstream.port}` },
    upstreamCa: [upstream.caPem],
    router: {
      async handle({ body }) {
        const headers = { "content-type": "text/plain" };
        return { status: 200, headers, body, info: { protocol: "anthropic-messages" as const, model: "m" } };
      },
    },
  });
  worlds.push(world);
  return world;
}

/** A POST whose head has gone, and what came back so far. */
async function open(world: World, { host = MODEL, path = "/v1/messages", bytes = INFERENCE_BODY_BYTES_MAX - 1 } = {}) {
  const door = await world.door(host, 443);
  const socket = tlsConnect({ host: "127.0.0.1", port: door, servername: host, ca: world.ca.certificatePem });
  sockets.push(socket);
  const heard = { text: "" };
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    heard.text += chunk.toString("latin1");
  });
  await once(socket, "secureConnect");
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${bytes}\r\n\r\n`,
  );
  return { socket, heard };
}

/** Scores of handshakes and hundreds of megabytes: seconds of work, which a busy machine stretches. */
const MANY_MS = 60_000;
const BODY = JSON.stringify({ model: "m", messages: [] });
const askModel = async (world: World) =>
  ask({
    door: await world.door(MODEL, 443),
    host: MODEL,
    ca: world.ca.certificatePem,
    method: "POST",
    path: "/v1/messages",
    headers: { "content-type": "application/json" },
    body: BODY,
  });

describe("bodies that wait to be judged", () => {
  it(
    "stay under the sandbox's budget, however many are open; the next is 503 with a line, and a neighbour is served",
    async () => {
      const world = await start();
      const neighbour = await start();
      const before = process.memoryUsage().rss;
      const part = Buffer.alloc(4 * MIB, "x");
      const opened = await Promise.all(Array.from({ length: 64 }, () => open(world)));
      for (const { socket } of opened) socket.write(part);
      await expect
        .poll(() => opened.filter(({ heard }) => heard.text.includes("503")).length, { timeout: MANY_MS })
        .toBe(opened.length - HELD_BODY_BYTES_PER_SANDBOX_MAX / part.length);
      expect(heldBytes()).toBeGreaterThan(HELD_BODY_BYTES_PER_SANDBOX_MAX / 2);
      expect(heldBytes()).toBeLessThanOrEqual(HELD_BODY_BYTES_PER_SANDBOX_MAX);
      // What the clients here hold is one shared buffer and their sockets' copies.
      expect(process.memoryUsage().rss - before).toBeLessThan(HELD_BODY_BYTES_PER_SANDBOX_MAX + 512 * MIB);
      expect(world.records).toContainEqual(
        expect.objectContaining({ decision: "deny", reason: expect.stringContaining("Too many bodies") }),
      );
      expect((await askModel(neighbour)).status).toBe(200);
      for (const { socket } of opened) socket.destroy();
      await expect.poll(heldBytes).toBe(0);
      expect((await askModel(world)).status).toBe(200);
    },
    2 * MANY_MS,
  );

  it.each([
    ["it is reset", (_world: World, socket: TLSSocket) => void socket.destroy()],
    ["the sandbox is removed", (world: World) => void world.gateway.remove("box")],
    ["a new policy cuts it", (world: World) => world.set(policy("", "/usr/bin/other"))],
  ])("are given back when %s", async (_name, end) => {
    const world = await start();
    const { socket } = await open(world);
    socket.write(Buffer.alloc(MIB));
    await expect.poll(heldBytes).toBeGreaterThanOrEqual(MIB);
    end(world, socket);
    await expect.poll(heldBytes).toBe(0);
  });

  it("are given back when they were answered, or longer than a rule reads", async () => {
    const world = await start();
    expect((await askModel(world)).status).toBe(200);
    await expect.poll(heldBytes).toBe(0);
    const { socket, heard } = await open(world, { host: HOST, path: "/rpc", bytes: 64 * MIB });
    socket.write(Buffer.alloc(MIB));
    await expect.poll(() => heard.text).toContain("larger than the policy can judge");
    await expect.poll(heldBytes).toBe(0);
  });

  it("are given back when a stream of HTTP/2 is reset", async () => {
    const world = await start();
    const door = await world.door(MODEL, 443);
    const session = await http2Through(door, { host: MODEL, ca: world.ca.certificatePem });
    const stream = session.request({ ":method": "POST", ":path": "/v1/messages" });
    stream.on("error", () => {});
    stream.write(Buffer.alloc(100_000));
    await expect.poll(heldBytes).toBeGreaterThan(60_000);
    stream.close(8);
    await expect.poll(heldBytes).toBe(0);
    session.destroy();
  });

  it("cost what they are when they come in chunks of one byte", async () => {
    const world = await start();
    const { socket } = await open(world, { bytes: 3 });
    socket.write(`${"x".repeat(3)}POST /v1/messages HTTP/1.1\r\nHost: ${MODEL}\r\nTransfer-Encoding: chunked\r\n\r\n`);
    socket.write("1\r\nx\r\n".repeat(50_000));
    await expect.poll(heldBytes).toBeGreaterThan(50_000);
    expect(heldBytes()).toBeLessThanOrEqual(200_000);
  });

  it("end when they take too long to arrive, with a line", async () => {
    const world = await start();
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { socket, heard } = await open(world);
    const answered = once(socket, "end");
    const arrived = once(socket, "drain");
    socket.write(Buffer.alloc(MIB));
    await arrived;
    while (heldBytes() < MIB) await new Promise((resolve) => setImmediate(resolve));
    vi.advanceTimersByTime(HELD_BODY_ARRIVAL_MS);
    vi.useRealTimers();
    await answered;
    expect(heard.text).toMatch(/^HTTP\/1.1 408 /);
    expect(heldBytes()).toBe(0);
    expect(world.records).toContainEqual(expect.objectContaining({ reason: expect.stringContaining("took too long") }));
  });
});

describe("what is refused before its body", () => {
  it("is a program that the model is not for: nothing of it is held", async () => {
    const world = await start();
    world.identity.current = { ...CURL, path: "/usr/bin/other" };
    const { socket, heard } = await open(world);
    socket.write(Buffer.alloc(MIB));
    await expect.poll(() => heard.text).toContain("403");
    expect(heldBytes()).toBe(0);
  });

  it("is one request too many of this minute, also where the others never end", async () => {
    const world = await start(policy("requests_per_minute: 2"));
    const opened = [await open(world), await open(world)];
    for (const { socket } of opened) socket.write(Buffer.alloc(1000));
    await expect.poll(heldBytes).toBeGreaterThan(2000);
    const held = heldBytes();
    const { socket, heard } = await open(world);
    socket.write(Buffer.alloc(MIB));
    await expect.poll(() => heard.text).toContain("429");
    expect(heldBytes()).toBe(held);
  });

  it("is not counted twice when its body is judged", async () => {
    const world = await start(policy("requests_per_minute: 2"));
    expect([(await askModel(world)).status, (await askModel(world)).status, (await askModel(world)).status]).toEqual([
      200, 200, 429,
    ]);
  });
});

it("parts of WebSocket messages count as well, until their connection ends", async () => {
  const world = await start(policy().replace("websocket, access: full", "websocket, access: read-write"));
  const port = await world.door(HOST, 443);
  const connection = () => tlsConnect({ host: "127.0.0.1", port, servername: HOST, ca: world.ca.certificatePem });
  const socket = new WebSocket(`wss://${HOST}/live`, { createConnection: connection });
  socket.on("error", () => {});
  await once(socket, "open");
  socket.send("x".repeat(100_000), { fin: false });
  await expect.poll(heldBytes).toBeGreaterThan(100_000);
  socket.terminate();
  await expect.poll(heldBytes).toBe(0);
});

it(
  "answers that stay open stall no further request to their host",
  async () => {
    const world = await start();
    const door = await world.door(HOST, 443);
    const held = Array.from({ length: 80 }, () => {
      const socket = tlsConnect({ host: "127.0.0.1", port: door, servername: HOST, ca: world.ca.certificatePem });
      sockets.push(socket);
      socket.on("error", () => {});
      socket.write(`GET /open/never HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`);
      return socket;
    });
    await expect.poll(() => waiting, { timeout: MANY_MS }).toBe(held.length);
    const answer = await ask({ door, host: HOST, ca: world.ca.certificatePem, path: "/open/now" });
    expect(answer.body).toBe("done");
  },
  2 * MANY_MS,
);
