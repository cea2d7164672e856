import { once } from "node:events";
import { type TLSSocket, connect as tlsConnect } from "node:tls";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { WEBSOCKET_FRAGMENTS_MAX, WEBSOCKET_MESSAGE_BYTES_MAX } from "../src/limits.ts";
import { ControlFrames, PINGS_REMEMBERED_MAX } from "../src/websocket/controlFrames.ts";
import { OPCODE } from "../src/websocket/frameHead.ts";
import { FrameReader, writeFrame } from "../src/websocket/frames.ts";
import { ServerSide } from "../src/websocket/serverSide.ts";
import { closed } from "./support/client.ts";
import { createUpstream, createWorld, type Upstream, type World } from "./support/world.ts";

/** Each message of a client is judged: an upgrade that is allowed opens no way past the policy. */
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
const at = (more: string) => policy(`{ host: ${HOST}, port: 443, protocol: websocket, ${more} }`);
const TEXT = at("access: read-write");
const SILENT = at("access: read-only");
const FULL = at("access: full");
const GRAPHQL = at(
  'rules: [{ allow: { method: GET, path: "/**" } }, { allow: { operation_type: query, fields: ["viewer"] } }, { allow: { operation_type: subscription, fields: ["*"] } }], deny_rules: [{ operation_type: "*", fields: ["secret*"] }]',
);

let upstream: Upstream;
let world: World;
let server: WebSocketServer;
/** What the server received, and how it was closed. */
let heard: { data: string; binary: boolean }[];
let serverClosed: number[];

beforeEach(async () => {
  heard = [];
  serverClosed = [];
  upstream = await createUpstream(HOST, (_req, res) => res.end("no upgrade"));
  server = new WebSocketServer({ noServer: true, perMessageDeflate: true });
  upstream.server.on("upgrade", (req, socket, head) => {
    server.handleUpgrade(req, socket, head, (peer) => {
      peer.on("error", () => {});
      peer.on("close", (code) => void serverClosed.push(code));
      peer.on("message", (data, binary) => {
        heard.push({ data: String(data), binary });
        peer.send(`echo ${data}`);
      });
    });
  });
});
afterEach(async () => {
  await world.close();
  for (const peer of server.clients) peer.terminate();
  await upstream.close();
});

async function start(yaml: string): Promise<number> {
  world = await createWorld({
    yaml,
    resolve: { [`${HOST}:443`]: `127.0.0.1:${upstream.port}` },
    upstreamCa: [upstream.caPem],
  });
  return world.door(HOST, 443);
}

async function client(yaml: string, path = "/live"): Promise<WebSocket> {
  const port = await start(yaml);
  const connection = () => tlsConnect({ host: "127.0.0.1", port, servername: HOST, ca: world.ca.certificatePem });
  const socket = new WebSocket(`wss://${HOST}${path}`, { createConnection: connection });
  socket.on("error", () => {});
  await once(socket, "open");
  return socket;
}

const texts = () => world.records.filter((record) => record.method === "WEBSOCKET_TEXT");

describe("a client's WebSocket messages", () => {
  it("pass where the policy allows text, each with its line", async () => {
    const socket = await client(TEXT);
    socket.send("hello");
    const [answer] = await once(socket, "message");
    expect(String(answer)).toBe("echo hello");
    expect(heard).toEqual([{ data: "hello", binary: false }]);
    expect(texts()).toMatchObject([{ decision: "allow", protocol: "wss", path: "/live", bytesOut: 5, kind: "http" }]);
    socket.terminate();
  });

  it("close the connection with 1008 and a line where the policy allows none", async () => {
    const socket = await client(SILENT);
    socket.send("hello");
    const [code, reason] = await once(socket, "close");
    expect(code).toBe(1008);
    expect(String(reason)).toContain("does not allow text messages");
    expect(heard).toEqual([]);
    expect(texts()).toMatchObject([{ decision: "deny", rule: "ws", path: "/live" }]);
    await expect.poll(() => serverClosed).toContain(1008);
  });

  it("are judged anew after a reload", async () => {
    const socket = await client(TEXT);
    socket.send("one");
    await once(socket, "message");
    world.set(SILENT);
    socket.send("two");
    const [code] = await once(socket, "close");
    expect(code).toBe(1008);
    expect(heard.map(({ data }) => data)).toEqual(["one"]);
    expect(texts().map((record) => [record.decision, record.generation])).toEqual([
      ["allow", 1],
      ["deny", 2],
    ]);
  });

  it("are never compressed, whatever client and server would agree on", async () => {
    const socket = await client(TEXT);
    expect(socket.extensions).toBe("");
    socket.send("x".repeat(5000));
    await once(socket, "message");
    expect(heard[0]?.data).toBe("x".repeat(5000));
    socket.terminate();
  });

  it("in binary pass only where everything is allowed", async () => {
    const refused = await client(TEXT);
    refused.send(Buffer.from("raw"));
    expect((await once(refused, "close"))[0]).toBe(1008);
    expect(heard).toEqual([]);
    expect(world.records).toContainEqual(expect.objectContaining({ method: "WEBSOCKET_BINARY", decision: "deny" }));
    await world.close();
    const open = await client(FULL);
    open.send(Buffer.from("raw"));
    await once(open, "message");
    expect(heard).toEqual([{ data: "raw", binary: true }]);
    open.terminate();
  });

  it("of GraphQL are judged by their operation", async () => {
    const socket = await client(GRAPHQL);
    socket.send(JSON.stringify({ type: "connection_init" }));
    await once(socket, "message");
    socket.send(JSON.stringify({ id: "1", type: "subscribe", payload: { query: "query { viewer { login } }" } }));
    await once(socket, "message");
    socket.send(JSON.stringify({ id: "2", type: "subscribe", payload: { query: "{ viewer { a } x: secretKeys }" } }));
    const [code] = await once(socket, "close");
    expect(code).toBe(1008);
    expect(heard).toHaveLength(2);
    expect(texts().map((record) => record.decision)).toEqual(["allow", "allow", "deny"]);
  });

  it.each([
    ["a mutation", { id: "1", type: "subscribe", payload: { query: "mutation { deleteAll }" } }],
    ["an operation of an unknown type", { id: "1", type: "exec", payload: { query: "{ viewer }" } }],
    ["a batch", [{ id: "1", type: "subscribe", payload: { query: "{ viewer }" } }]],
    ["a JSON-RPC call", { jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "shell" } }],
  ])("of GraphQL do not carry %s past the rules", async (_name, message) => {
    const socket = await client(GRAPHQL);
    socket.send(JSON.stringify(message));
    expect((await once(socket, "close"))[0]).toBe(1008);
    expect(heard).toEqual([]);
  });

  it("carry MCP where text is allowed, and none where it is not", async () => {
    const call = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
    const socket = await client(TEXT, "/mcp");
    socket.send(call);
    await once(socket, "message");
    expect(heard.map(({ data }) => data)).toEqual([call]);
    socket.terminate();
  });

  it("may be as large as the bound, in as many parts, and not larger", async () => {
    const socket = await client(TEXT);
    socket.send("a".repeat(WEBSOCKET_MESSAGE_BYTES_MAX));
    await once(socket, "message");
    expect(heard[0]?.data.length).toBe(WEBSOCKET_MESSAGE_BYTES_MAX);
    socket.send("a".repeat(WEBSOCKET_MESSAGE_BYTES_MAX + 1));
    expect((await once(socket, "close"))[0]).toBe(1009);
    expect(heard).toHaveLength(1);
    expect(texts().map(({ decision }) => decision)).toEqual(["allow", "deny"]);
    expect(texts().at(-1)?.reason).toContain("not a strict WebSocket");
  });
});

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";

/** A socket that has upgraded, and every byte that the server side sent since. */
async function rawClient(
  yaml: string,
  headers = `Sec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n`,
  ahead = Buffer.alloc(0),
) {
  const port = await start(yaml);
  const socket: TLSSocket = tlsConnect({ host: "127.0.0.1", port, servername: HOST, ca: world.ca.certificatePem });
  socket.on("error", () => {});
  await once(socket, "secureConnect");
  const received: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => received.push(chunk));
  const head = `GET /live HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${headers}\r\n`;
  socket.write(Buffer.concat([Buffer.from(head), ahead]));
  const all = () => Buffer.concat(received);
  await expect.poll(() => all().includes("\r\n\r\n")).toBe(true);
  return { socket, all, afterHead: () => all().subarray(all().indexOf("\r\n\r\n") + 4) };
}

const frame = (
  first: number,
  payload: Buffer | string,
  { masked = true, length }: { masked?: boolean; length?: Buffer } = {},
) => {
  const body = Buffer.from(payload);
  const size = length ?? Buffer.from([body.length]);
  size[0] = (size[0] ?? 0) | (masked ? 0x80 : 0);
  return Buffer.concat([Buffer.from([first]), size, masked ? Buffer.alloc(4) : Buffer.alloc(0), body]);
};
const FIN = 0x80;
const text = (payload: string) => frame(FIN | OPCODE.text, payload);
const closeCode = (bytes: Buffer) => (bytes[0] === (FIN | OPCODE.close) ? bytes.readUInt16BE(2) : null);

describe("frames that a server might read otherwise", () => {
  const CASES: Record<string, [number, Buffer]> = {
    "without a mask": [1002, frame(FIN | OPCODE.text, "x", { masked: false })],
    "with a reserved bit, as if compressed": [1002, frame(FIN | 0x40 | OPCODE.text, "x")],
    "with an unknown opcode": [1002, frame(FIN | 3, "x")],
    "with a length that could be shorter": [1002, frame(FIN | OPCODE.text, "x", { length: Buffer.from([126, 0, 1]) })],
    "with a length of eight bytes that could be two": [
      1002,
      frame(FIN | OPCODE.text, "x", { length: Buffer.from([127, 0, 0, 0, 0, 0, 0, 0, 1]) }),
    ],
    "with a negative length": [
      1002,
      frame(FIN | OPCODE.text, "x", { length: Buffer.from([127, 255, 0, 0, 0, 0, 0, 0, 1]) }),
    ],
    "with a length beyond every bound": [
      1009,
      frame(FIN | OPCODE.text, "x", { length: Buffer.from([127, 0, 255, 0, 0, 0, 0, 0, 1]) }),
    ],
    "with a ping in parts": [1002, frame(OPCODE.ping, "x")],
    "with a long ping": [1002, frame(FIN | OPCODE.ping, "x".repeat(126), { length: Buffer.from([126, 0, 126]) })],
    "that continue nothing": [1002, frame(FIN | OPCODE.continuation, "x")],
    "that begin a message within another": [1002, Buffer.concat([frame(OPCODE.text, "x"), text("y")])],
    "with text that is not UTF-8": [1007, frame(FIN | OPCODE.text, Buffer.from([0xc0, 0xae]))],
    "with a surrogate in UTF-8": [1007, frame(FIN | OPCODE.text, Buffer.from([0xed, 0xa0, 0x80]))],
    "with a close of one byte": [1002, frame(FIN | OPCODE.close, "x")],
    "with a close code that may not be sent": [1002, frame(FIN | OPCODE.close, Buffer.from([3, 0xed]))],
    "in more parts than the bound": [
      1009,
      Buffer.concat([
        frame(OPCODE.text, "a"),
        ...Array.from({ length: WEBSOCKET_FRAGMENTS_MAX }, () => frame(OPCODE.continuation, "")),
      ]),
    ],
  };
  it.each(Object.entries(CASES))("%s close the connection and reach nobody", async (_name, [code, bytes]) => {
    const { socket, afterHead } = await rawClient(TEXT);
    socket.write(Buffer.concat([bytes, text("behind")]));
    await closed(socket);
    expect(closeCode(afterHead())).toBe(code);
    expect(heard).toEqual([]);
    expect(texts()).toMatchObject([{ decision: "deny" }]);
  });

  it("behind a close are not passed on", async () => {
    const { socket, afterHead } = await rawClient(TEXT);
    socket.write(Buffer.concat([frame(FIN | OPCODE.close, Buffer.from([3, 0xe8])), text("behind")]));
    await closed(socket);
    expect(afterHead()[0]).toBe(FIN | OPCODE.close);
    expect(heard).toEqual([]);
  });

  it("cut into parts, with pings between, reach the server as one judged message", async () => {
    const { socket, afterHead } = await rawClient(TEXT);
    for (const part of [
      frame(OPCODE.text, "he"),
      frame(FIN | OPCODE.ping, "p"),
      frame(OPCODE.continuation, "l"),
      frame(FIN | OPCODE.continuation, "lo"),
    ])
      socket.write(part);
    await expect.poll(() => heard).toEqual([{ data: "hello", binary: false }]);
    await expect.poll(() => afterHead().includes("echo hello")).toBe(true);
    expect(texts()).toHaveLength(1);
    socket.destroy();
  });

  it("sent ahead of the server's answer are judged too", async () => {
    const { socket, afterHead } = await rawClient(SILENT, undefined, text("early"));
    await closed(socket);
    expect(closeCode(afterHead())).toBe(1008);
    expect(heard).toEqual([]);
  });

  it.each([
    ["an old version, whose frames look otherwise", `Sec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 8\r\n`],
    ["no version", `Sec-WebSocket-Key: ${KEY}\r\n`],
    ["two keys", `Sec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n`],
    ["no sound key", "Sec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n"],
  ])("are not opened by an upgrade with %s", async (_name, headers) => {
    const { all, socket } = await rawClient(TEXT, headers);
    expect(String(all())).toContain("403 Forbidden");
    socket.destroy();
    expect(world.records.at(-1)?.decision).toBe("deny");
  });
});

const SECRET_WORDS = "stolen-words";

describe("attack: words in a client's control frames", () => {
  /** Control frames as the server received them. */
  const control = (): string[] => {
    const got: string[] = [];
    for (const peer of server.clients) {
      peer.on("ping", (payload) => got.push(`ping ${payload.toString("hex")}`));
      peer.on("pong", (payload) => got.push(`pong ${payload}`));
      peer.on("close", (code, reason) => got.push(`close ${code} ${reason}`));
    }
    return got;
  };

  it.each([
    ["allows text", TEXT],
    ["allows no message", SILENT],
  ])("do not reach the server where the policy %s", async (_name, yaml) => {
    const socket = await client(yaml);
    const got = control();
    const answered = once(socket, "pong");
    socket.ping(SECRET_WORDS);
    expect(String((await answered)[0])).toBe(SECRET_WORDS);
    socket.pong(SECRET_WORDS);
    socket.close(4000, SECRET_WORDS);
    await expect.poll(() => got).toEqual(["ping 00000001", "pong ", "close 4000 "]);
  });

  it("give back what the server pinged, once, and nothing else", async () => {
    const { socket, afterHead } = await rawClient(TEXT);
    const got = control();
    for (const peer of server.clients) peer.ping("are you there");
    await expect.poll(() => afterHead().includes("are you there")).toBe(true);
    const pong = (words: string) => frame(FIN | OPCODE.pong, words);
    socket.write(Buffer.concat([pong("are you"), pong("are you there"), pong("are you there")]));
    await expect.poll(() => got).toEqual(["pong ", "pong are you there", "pong "]);
    socket.destroy();
  });

  it("are not given back behind more pings than are remembered", () => {
    const control = new ControlFrames();
    const ping = (n: number) => control.fromServer(OPCODE.ping, Buffer.from(`p${n}`));
    for (let n = 0; n <= PINGS_REMEMBERED_MAX; n += 1) ping(n);
    expect(control.fromClient(OPCODE.pong, Buffer.from("p0")).length).toBe(0);
    expect(String(control.fromClient(OPCODE.pong, Buffer.from("p1")))).toBe("p1");
    const sent = Array.from({ length: PINGS_REMEMBERED_MAX + 1 }, (_, n) =>
      control.fromClient(OPCODE.ping, Buffer.from(`c${n}`)),
    );
    const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = sent;
    expect(control.fromServer(OPCODE.pong, first)).toEqual(first);
    expect(String(control.fromServer(OPCODE.pong, second))).toBe("c1");
  });
});

describe("frames of a server that a client might read otherwise", () => {
  it.each([
    ["with a reserved bit, as if compressed", Buffer.from([0xc1, 1, 0x78])],
    ["with an unknown opcode", Buffer.from([0x83, 1, 0x78])],
    ["with a mask", Buffer.from([0x81, 0x81, 0, 0, 0, 0, 0x78])],
    ["with a length beyond what can be counted", Buffer.from([0x82, 127, 0, 255, 0, 0, 0, 0, 0, 1])],
    ["with a ping in parts", Buffer.from([0x09, 1, 0x78])],
  ])("%s end the connection", async (_name, bytes) => {
    for (let cut = 0; cut < bytes.length; cut += 1) {
      const side = new ServerSide(new ControlFrames());
      const out: Buffer[] = [];
      side.on("data", (chunk: Buffer) => out.push(chunk));
      const failed = once(side, "error");
      if (cut > 0) side.write(bytes.subarray(0, cut));
      side.write(bytes.subarray(cut));
      expect(String(await failed)).toContain("cannot be read");
      expect(out).toEqual([]);
    }
  });
});

describe("what the server answered to the upgrade", () => {
  it.each([
    ["another key", "Sec-WebSocket-Accept: eHh4\r\n"],
    [
      "an extension nobody offered",
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Extensions: permessage-deflate\r\n",
    ],
  ])("with %s is no judged WebSocket", async (_name, headers) => {
    upstream.server.removeAllListeners("upgrade");
    upstream.server.on("upgrade", (_req, socket) => {
      socket.on("error", () => {});
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${headers}\r\n`);
    });
    const { all, socket } = await rawClient(TEXT);
    expect(String(all())).toContain("502 Bad Gateway");
    socket.destroy();
  });
});

describe("the codec", () => {
  it("gives back what it was given, however the bytes are cut", () => {
    const messages = fc.array(
      fc.tuple(fc.constantFrom(OPCODE.text, OPCODE.binary), fc.uint8Array({ maxLength: 70_000 })),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(
        messages,
        fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 20 }),
        (list, cuts) => {
          const bytes = Buffer.concat(
            list.map(([opcode, payload]) => writeFrame(opcode, Buffer.from(payload), { masked: true })),
          );
          const reader = new FrameReader({ payloadBytesMax: 1 << 20 });
          const found: [number, Buffer][] = [];
          for (let at = 0, n = 0; at < bytes.length; n += 1) {
            const size = cuts[n % cuts.length] ?? 1;
            for (const { opcode, payload } of reader.push(bytes.subarray(at, at + size))) found.push([opcode, payload]);
            at += size;
          }
          expect(found).toEqual(list.map(([opcode, payload]) => [opcode, Buffer.from(payload)]));
        },
      ),
      { numRuns: 60 },
    );
  });

  it("puts a close of ours behind the server's frame, not into it", async () => {
    const side = new ServerSide(new ControlFrames());
    const out: Buffer[] = [];
    side.on("data", (chunk: Buffer) => out.push(chunk));
    const long = writeFrame(OPCODE.text, Buffer.alloc(300, "a"), { masked: false });
    const close = writeFrame(OPCODE.close, Buffer.alloc(0), { masked: false });
    side.write(long.subarray(0, 3));
    side.closeWith(close);
    side.write(long.subarray(3, 100));
    side.write(Buffer.concat([long.subarray(100), long]));
    await once(side, "end");
    expect(Buffer.concat(out)).toEqual(Buffer.concat([long, close]));
  });
});
