import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HEADER_COUNT_MAX, STREAMS_PER_CONNECTION_MAX } from "../src/limits.ts";
import {
  block,
  FLAG,
  frame,
  outcome,
  PREFACE,
  type RawConnection,
  rawHttp2,
  settings,
  TYPE,
} from "./support/frames.ts";
import { ask2, createHttp2Upstream, type Http2Upstream, http2Through } from "./support/http2Client.ts";
import { createWorld, type World } from "./support/world.ts";

/** Frames that cost the sender nothing. Each flood ends its own connection, or is served within bounds; another connection goes on. */
const HOST = "api.example.com";
const POLICY = `version: 1
network_policies:
  api:
    endpoints:
      - { host: ${HOST}, port: 443, protocol: rest, rules: [{ allow: { method: "*", path: "/v1/**" } }] }
    binaries:
      - path: /usr/bin/curl
`;

let world: World;
let upstream: Http2Upstream;
let door: number;
/** Streams that the server saw, and how many of them wait for something. */
let seen: number;

beforeEach(async () => {
  seen = 0;
  upstream = await createHttp2Upstream(HOST, (server) =>
    server.on("stream", (stream, headers) => {
      seen += 1;
      stream.on("error", () => {});
      if (headers[":path"] === "/v1/silent") return;
      stream.respond({ ":status": 200 });
      if (headers[":path"] === "/v1/large") stream.end(Buffer.alloc(1024 * 1024));
      else stream.end("ok");
    }),
  );
  world = await createWorld({
    yaml: POLICY,
    resolve: { [`${HOST}:443`]: `127.0.0.1:${upstream.port}` },
    upstreamCa: [upstream.caPem],
  });
  door = await world.door(HOST, 443);
});
afterEach(async () => {
  await world.close();
  await upstream.close();
});

const place = () => ({ host: HOST, ca: world.ca.certificatePem });
const head = (path: string, method = "GET"): [string, string][] => [
  [":method", method],
  [":scheme", "https"],
  [":authority", HOST],
  [":path", path],
];
const get = (stream: number, path = "/v1/x") =>
  frame(TYPE.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, stream, block(head(path)));
const CANCEL = Buffer.from([0, 0, 0, 8]);
const reset = (stream: number) => frame(TYPE.RST_STREAM, 0, stream, CANCEL);

/** Sends until the connection ends or so many have gone. */
async function flood(connection: RawConnection, countMax: number, make: (index: number) => Buffer): Promise<void> {
  for (let index = 0; index < countMax && !connection.socket.destroyed; index += 1) {
    if (!connection.socket.write(make(index)))
      await Promise.race([new Promise((resolve) => connection.socket.once("drain", resolve)), connection.ended]);
  }
}

async function othersAreServed(): Promise<void> {
  const session = await http2Through(door, place());
  expect((await ask2(session, { ":path": "/v1/x" })).body).toBe("ok");
  session.destroy();
}

describe("a flood of", () => {
  it.each(["/v1/silent", "/denied"])(
    "requests for %s given up at once (rapid reset) ends its connection",
    async (path) => {
      const connection = await rawHttp2(door, place());
      await flood(connection, 20_000, (index) => Buffer.concat([get(index * 2 + 1, path), reset(index * 2 + 1)]));
      await connection.ended;
      expect(seen).toBeLessThan(400);
      await expect.poll(() => world.records.some(({ reason }) => reason.includes("given up"))).toBe(true);
      expect(world.records.length).toBeLessThan(500);
      await othersAreServed();
    },
  );

  it("streams beyond the bound ends its connection", async () => {
    const connection = await rawHttp2(door, place());
    const count = STREAMS_PER_CONNECTION_MAX + 20;
    for (let index = 0; index < count; index += 1) connection.send(get(index * 2 + 1, "/v1/silent"));
    await connection.ended;
    expect(seen).toBeLessThanOrEqual(STREAMS_PER_CONNECTION_MAX);
    await othersAreServed();
  });

  it("PINGs ends its connection", async () => {
    const connection = await rawHttp2(door, place());
    await flood(connection, 50_000, () => frame(TYPE.PING, 0, 0, Buffer.alloc(8)));
    await connection.ended;
    await othersAreServed();
  });

  it("SETTINGS ends its connection", async () => {
    const connection = await rawHttp2(door, place());
    await flood(connection, 50_000, () => settings([3, 100]));
    await connection.ended;
    await othersAreServed();
  });

  it("empty DATA ends its connection", async () => {
    const connection = await rawHttp2(door, place());
    connection.send(frame(TYPE.HEADERS, FLAG.END_HEADERS, 1, block(head("/v1/silent", "POST"))));
    await flood(connection, 50_000, () => frame(TYPE.DATA, 0, 1));
    await connection.ended;
    await othersAreServed();
  });

  it("CONTINUATION ends its connection and grows nothing", async () => {
    const connection = await rawHttp2(door, place());
    const before = process.memoryUsage().rss;
    connection.send(frame(TYPE.HEADERS, 0, 1, block(head("/v1/x"))));
    const part = block([["x-a", "b".repeat(16_000)]]);
    await flood(connection, 5_000, () => frame(TYPE.CONTINUATION, 0, 1, part));
    await connection.ended;
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024);
    await othersAreServed();
  });

  it("references to one large header (an HPACK bomb) is refused", async () => {
    const connection = await rawHttp2(door, place());
    // A literal with indexing (RFC 7541 6.2.1) of 4,000 bytes, then 16,000 references to it in one byte each.
    const value = Buffer.alloc(3_900, "b");
    const entry = Buffer.concat([Buffer.from([0x40, 3]), Buffer.from("x-a"), lengthOf(value.length), value]);
    const bomb = Buffer.concat([block(head("/v1/x")), entry, Buffer.alloc(12_000, 0x80 | 62)]);
    connection.send(frame(TYPE.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 1, bomb));
    expect(await outcome(connection, 1)).not.toBe("answered");
    connection.socket.destroy();
    expect(seen).toBe(0);
    await othersAreServed();
  });

  it("headers before the client has agreed to any bound is held to it all the same", async () => {
    const connection = await rawHttp2(door, place(), { greet: false });
    connection.send(PREFACE, settings());
    const many = Array.from({ length: HEADER_COUNT_MAX + 50 }, (): [string, string] => ["x", "y"]);
    connection.send(frame(TYPE.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 1, block([...head("/v1/x"), ...many])));
    expect(await outcome(connection, 1)).toBe("reset");
    connection.socket.destroy();
    expect(seen).toBe(0);
  });
});

const lengthOf = (value: number): Buffer => {
  const rest = value - 127;
  return Buffer.from([127, (rest % 128) + 128, Math.floor(rest / 128)]);
};

describe("slow reading", () => {
  it("through windows of one byte holds the server back, not the answers in our memory", async () => {
    const connection = await rawHttp2(door, place(), { greet: false });
    connection.send(PREFACE, settings([4, 1]), frame(TYPE.SETTINGS, FLAG.ACK, 0));
    const before = process.memoryUsage();
    for (let index = 0; index < 20; index += 1) connection.send(get(index * 2 + 1, "/v1/large"));
    for (let index = 0; index < 20; index += 1) expect(await outcome(connection, index * 2 + 1)).toBe("answered");
    await expect.poll(() => connection.seen.filter(({ type }) => type === TYPE.DATA).length).toBeGreaterThanOrEqual(20);
    await othersAreServed();
    // The server's own 20 MiB lie in this process too; ours are at most the windows of 20 streams, 256 KiB each, and a chunk.
    const grown = process.memoryUsage().arrayBuffers - before.arrayBuffers;
    expect(grown).toBeLessThan((20 + 10) * 1024 * 1024);
    connection.socket.destroy();
  });
});

describe("what is no HTTP/2", () => {
  it("on a connection that agreed on it is ended and written down", async () => {
    const connection = await rawHttp2(door, place(), { greet: false });
    connection.send(Buffer.from(`GET /v1/x HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`));
    await connection.ended;
    await expect.poll(() => world.records.some(({ reason }) => reason.includes("not HTTP/2"))).toBe(true);
    expect(seen).toBe(0);
  });
});
