import { once } from "node:events";
import { createServer, connect as netConnect, type Server, type Socket } from "node:net";
import { type TLSSocket, connect as tlsConnect } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ask, closed, speak } from "./support/client.ts";
import { ask2, http2Through } from "./support/http2Client.ts";
import { createUpstream, createWorld, portOf, type Upstream, type World } from "./support/world.ts";

const HOST = "api.example.com";
const RAW = "raw.example.com";
const policy = (limits: string) => `version: 1
${limits === "" ? "" : `sandbox:\n  limits: { ${limits} }\n`}network_policies:
  api:
    name: api
    endpoints:
      - { host: ${HOST}, port: 443, protocol: rest, access: full }
      - { host: ${RAW}, port: 7000, protocol: tcp }
    binaries:
      - path: /usr/bin/curl
`;

let upstream: Upstream;
let raw: Server;
let worlds: World[];
let nowMs: number;
let served: string[];

beforeEach(async () => {
  worlds = [];
  served = [];
  nowMs = Math.floor(Date.now() / 60_000) * 60_000;
  upstream = await createUpstream(HOST, async (req, res) => {
    served.push(req.url ?? "");
    let bytes = 0;
    try {
      for await (const chunk of req) bytes += chunk.length;
    } catch {
      // The gateway let go of it.
      return;
    }
    res.end(req.url?.startsWith("/big") ? Buffer.alloc(Number(req.url.slice(5)), "x") : String(bytes));
  });
  upstream.server.on("upgrade", (_req, socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  raw = createServer((socket) => {
    socket.on("error", () => {});
    socket.pipe(socket);
  });
  raw.listen(0, "127.0.0.1");
  await once(raw, "listening");
});
afterEach(async () => {
  for (const world of worlds) await world.close();
  await upstream.close();
  raw.close();
});

async function start(limits: string): Promise<World> {
  const world = await createWorld({
    yaml: policy(limits),
    now: () => nowMs,
    resolve: { [`${HOST}:443`]: `127.0.0.1:${upstream.port}`, [`${RAW}:7000`]: `127.0.0.1:${portOf(raw)}` },
    upstreamCa: [upstream.caPem],
  });
  worlds.push(world);
  return world;
}
const call = async (world: World, path = "/", body?: string) =>
  ask({
    door: await world.door(HOST, 443),
    host: HOST,
    ca: world.ca.certificatePem,
    path,
    ...(body === undefined ? {} : { method: "POST", body }),
  });

describe("requests of a minute", () => {
  it("are counted over all connections; one too many is 429 with when to ask again, on record, and the next minute is new", async () => {
    const world = await start("requests_per_minute: 2");
    nowMs += 15_000;
    expect([(await call(world)).status, (await call(world)).status]).toEqual([200, 200]);
    const limited = await call(world);
    expect(limited).toMatchObject({ status: 429, headers: { "retry-after": "45" } });
    expect(world.records.at(-1)).toMatchObject({
      decision: "deny",
      reason: "The sandbox has used its 2 requests of this minute.",
    });
    expect(served).toHaveLength(2);
    nowMs += 45_000;
    expect((await call(world)).status).toBe(200);
  });

  it("are counted when they come ahead of their answers on one connection", async () => {
    const world = await start("requests_per_minute: 3");
    const one = `GET /x HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;
    const last = `GET /x HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`;
    const door = await world.door(HOST, 443);
    const { text } = await speak({ door, tls: { host: HOST, ca: world.ca.certificatePem } }, one.repeat(7) + last);
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(3);
    expect(text.match(/HTTP\/1\.1 429/g)).toHaveLength(5);
    expect(served).toHaveLength(3);
  });

  it("count raw connections and upgrades, too", async () => {
    const world = await start("requests_per_minute: 1");
    const door = await world.door(RAW, 7000);
    expect((await speak({ door }, "a", { endAfter: true })).text).toBe("a");
    expect((await speak({ door }, "b", { endAfter: true })).text).toBe("");
    const upgrade = `GET /x HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n`;
    const tls = { host: HOST, ca: world.ca.certificatePem };
    expect((await speak({ door: await world.door(HOST, 443), tls }, upgrade)).text).toContain("403 Forbidden");
    expect(served).toEqual([]);
  });

  it("may be more or fewer after a reload, and what was used counts", async () => {
    const world = await start("requests_per_minute: 1");
    await call(world);
    world.set(policy("requests_per_minute: 2"));
    expect((await call(world)).status).toBe(200);
    expect((await call(world)).status).toBe(429);
    world.set(policy(""));
    expect((await call(world)).status).toBe(200);
  });
});

describe("connections", () => {
  async function open(world: World): Promise<Socket> {
    const socket = netConnect(await world.door(RAW, 7000), "127.0.0.1");
    socket.on("error", () => {});
    socket.write("hello");
    await Promise.race([once(socket, "data").catch(() => {}), closed(socket)]);
    return socket;
  }

  it("are as many as the policy says; a reload to fewer cuts the latest", async () => {
    const world = await start("connections: 2");
    const [first, second, third] = [await open(world), await open(world), await open(world)];
    expect([first.closed, second.closed, third.closed]).toEqual([false, false, true]);
    expect(world.records.at(-1)).toMatchObject({ decision: "deny" });
    world.set(policy("connections: 1"));
    await closed(second);
    first.write("again");
    expect(String((await once(first, "data"))[0])).toBe("again");
    first.destroy();
  });
});

/** A handshake passes at once; what these tests move would take minutes. */
const SLOW = "bytes_per_second: 20000";
const MANY_BYTES = 10_000_000;

describe("bytes of a second", () => {
  const neverFirst = (work: Promise<unknown>, name: string) => work.then(() => name).catch(() => "cut");

  it("hold back answers, uploads, WebSockets and raw bytes alike, and no neighbour", async () => {
    const [down, up, socket, plain, neighbour] = [
      await start(SLOW),
      await start(SLOW),
      await start(SLOW),
      await start(SLOW),
      await start(""),
    ];
    const raced = [
      neverFirst(call(down, `/big/${MANY_BYTES}`), "an answer"),
      neverFirst(call(up, "/up", "y".repeat(MANY_BYTES)), "an upload"),
      neverFirst(
        webSocket(socket).then((opened) => echoed(opened, MANY_BYTES)),
        "a WebSocket",
      ),
      neverFirst(echoed(netConnect(await plain.door(RAW, 7000), "127.0.0.1"), MANY_BYTES), "raw bytes"),
    ];
    const fast = async () => {
      expect((await call(neighbour, `/big/${MANY_BYTES}`)).body).toHaveLength(MANY_BYTES);
      return "the neighbour";
    };
    expect(await Promise.race([...raced, fast()])).toBe("the neighbour");
    for (const world of [down, up, socket, plain]) await world.gateway.remove("box");
    expect(await Promise.all(raced)).toEqual(["cut", "cut", "cut", "cut"]);
  });

  it("let everything through in the end, in order and whole", async () => {
    const world = await start("bytes_per_second: 2000000");
    const body = Array.from({ length: 60_000 }, (_, at) => at).join();
    const socket = netConnect(await world.door(RAW, 7000), "127.0.0.1");
    const chunks: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.end(body);
    await closed(socket);
    expect(Buffer.concat(chunks).toString()).toBe(body);
    expect((await call(world, "/up", body)).body).toBe(String(body.length));
  });

  it("hold back the streams of HTTP/2 together, answers and uploads, and their neighbours' connection not at all", async () => {
    const [slow, neighbour] = [await start(SLOW), await start("")];
    const [held, free] = [await http2(slow), await http2(neighbour)];
    const raced = [
      ask2(held, { ":path": `/big/${MANY_BYTES}` }),
      ask2(held, { ":path": `/big/${MANY_BYTES}` }),
      ask2(held, { ":path": "/up", ":method": "POST" }, "y".repeat(MANY_BYTES)),
    ].map((work) => neverFirst(work, "a stream"));
    const fast = async () => {
      const bytes = MANY_BYTES / 4;
      expect((await ask2(free, { ":path": `/big/${bytes}` })).body).toHaveLength(bytes);
      expect((await ask2(free, { ":path": "/up", ":method": "POST" }, "y".repeat(bytes))).body).toBe(String(bytes));
      return "the neighbour";
    };
    expect(await Promise.race([...raced, fast()])).toBe("the neighbour");
    await slow.gateway.remove("box");
    expect(await Promise.all(raced)).toEqual(["cut", "cut", "cut"]);
    free.destroy();
  });

  it("let streams of HTTP/2 through in the end, whole", async () => {
    const session = await http2(await start("bytes_per_second: 2000000"));
    const bytes = 400_000;
    const [down, up] = await Promise.all([
      ask2(session, { ":path": `/big/${bytes}` }),
      ask2(session, { ":path": "/up", ":method": "POST" }, "y".repeat(bytes)),
    ]);
    expect([down.body.length, up.body]).toEqual([bytes, String(bytes)]);
    session.destroy();
  });

  it("hold for what is open after a reload: a rate that changes at once, a first one by a cut", async () => {
    const world = await start("bytes_per_second: 1000");
    const waiting = call(world, "/big/200000");
    world.set(policy("bytes_per_second: 100000000"));
    expect((await waiting).body).toHaveLength(200_000);

    const open = await start("");
    const socket = tlsConnect({
      host: "127.0.0.1",
      port: await open.door(HOST, 443),
      servername: HOST,
      ca: open.ca.certificatePem,
    });
    socket.on("error", () => {});
    await once(socket, "secureConnect");
    open.set(policy("bytes_per_second: 1000"));
    await closed(socket);
  });

  async function webSocket(world: World): Promise<TLSSocket> {
    const socket = tlsConnect({
      host: "127.0.0.1",
      port: await world.door(HOST, 443),
      servername: HOST,
      ca: world.ca.certificatePem,
    });
    await once(socket, "secureConnect");
    socket.write(
      `GET /live HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n`,
    );
    await once(socket, "data");
    return socket;
  }

  const http2 = async (world: World) =>
    http2Through(await world.door(HOST, 443), { host: HOST, ca: world.ca.certificatePem });

  /** Rejects when the connection ends before all of it is back. */
  async function echoed(socket: Socket, bytes: number): Promise<void> {
    let got = 0;
    const all = new Promise<void>((resolve, reject) => {
      socket.on("error", reject);
      socket.on("close", () => reject(new Error("closed")));
      socket.on("data", (chunk: Buffer) => {
        got += chunk.length;
        if (got >= bytes) resolve();
      });
    });
    socket.write(Buffer.alloc(bytes, "z"));
    await all;
  }
});
