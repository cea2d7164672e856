import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLeaves } from "../src/ca/leaves.ts";
import { readClientHello } from "../src/clientHello.ts";
import { createSandboxCa } from "../src/index.ts";
import { helloOf } from "./support/hello.ts";
import { createWorld, type World } from "./support/world.ts";

/** Domain fronting on an endpoint that is relayed unread: the address is the allowed host's, the name asked for is another's. */
const HOST = "raw.example.com";
const EVIL = "evil.example.com";
const POLICY = `version: 1
network_policies:
  raw:
    endpoints:
      - host: ${HOST}
        port: 443
        tls: skip
    binaries:
      - path: /usr/bin/curl
`;

function record(message: Buffer, major = 3): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += 16_000) {
    const part = message.subarray(at, at + 16_000);
    records.push(Buffer.from([0x16, major, 1, part.length >> 8, part.length & 0xff]), part);
  }
  return records;
}

/** The same ClientHello with one more extension (type, content) in front of its others. */
function withExtension(hello: Buffer, type: number, content: Buffer): Buffer {
  const body = hello.subarray(9);
  let at = 34;
  at += 1 + (body[at] ?? 0);
  at += 2 + body.readUInt16BE(at);
  at += 1 + (body[at] ?? 0);
  const head = Buffer.alloc(4);
  head.writeUInt16BE(type, 0);
  head.writeUInt16BE(content.length, 2);
  const extensions = Buffer.concat([head, content, body.subarray(at + 2)]);
  const size = Buffer.alloc(2);
  size.writeUInt16BE(extensions.length);
  const fresh = Buffer.concat([body.subarray(0, at), size, extensions]);
  const message = Buffer.concat([Buffer.from([1, 0, fresh.length >> 8, fresh.length & 0xff]), fresh]);
  return Buffer.concat(record(message));
}

const PADDING = 21;
const SERVER_NAME = 0;
/** A list whose first name is of type 1; some servers skip it and read on. */
const otherNameFirst = Buffer.from("0007010004aabbccdd", "hex");

describe("a server name hidden from the gate and read by the server", () => {
  let world: World;
  let server: ReturnType<typeof createTlsServer>;
  let asked: string[];

  beforeEach(async () => {
    asked = [];
    const leaves = createLeaves({ ca: await createSandboxCa({ name: "upstream" }), now: Date.now });
    const context = await leaves.contextFor(HOST);
    server = createTlsServer({
      SNICallback: (name, done) => {
        asked.push(name);
        done(null, context);
      },
    });
    server.on("tlsClientError", () => {});
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    world = await createWorld({ yaml: POLICY, resolve: { [`${HOST}:443`]: `127.0.0.1:${port}` } });
  });
  afterEach(async () => {
    await world.close();
    server.close();
  });

  async function send(bytes: Buffer): Promise<void> {
    const socket = connect(await world.door(HOST, 443), "127.0.0.1");
    socket.on("error", () => {});
    socket.write(bytes);
    await new Promise<void>((resolve) => {
      socket.once("data", () => resolve());
      socket.once("close", () => resolve());
    });
    socket.destroy();
  }

  it("passes the honest one, in one piece or byte by byte", async () => {
    const honest = await helloOf(HOST);
    await send(honest);
    expect(asked).toEqual([HOST]);
    for (let end = 1; end < honest.length; end += 1)
      expect(readClientHello(honest.subarray(0, end)).state).toBe("incomplete");
  });

  it("refuses an empty record in front", async () => {
    await send(Buffer.concat([Buffer.from("1603010000", "hex"), await helloOf(EVIL)]));
    expect(asked).toEqual([]);
  });

  it("refuses a hello that is longer than it reads", async () => {
    await send(withExtension(await helloOf(EVIL), PADDING, Buffer.alloc(20_000)));
    expect(asked).toEqual([]);
  });

  it("refuses what only lenient servers take: an alert in front, an odd version, a foreign or second name", async () => {
    const evil = await helloOf(EVIL);
    const unreadable = { state: "unreadable" };
    expect(readClientHello(Buffer.concat([Buffer.from("15030100020170", "hex"), evil]))).toEqual(unreadable);
    expect(readClientHello(withExtension(evil, SERVER_NAME, otherNameFirst))).toEqual(unreadable);
    expect(readClientHello(withExtension(evil, SERVER_NAME, nameList(HOST)))).toEqual(unreadable);
    const oddVersion = Buffer.concat(record(evil.subarray(5), 2));
    expect(readClientHello(oddVersion)).toMatchObject({ state: "complete", serverName: EVIL });
  });
});

function nameList(name: string): Buffer {
  const bytes = Buffer.from(name, "latin1");
  return Buffer.concat([Buffer.from([0, bytes.length + 3, 0, 0, bytes.length]), bytes]);
}
