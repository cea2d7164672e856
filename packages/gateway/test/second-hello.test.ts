import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { createServer as createTlsServer, type Server as TlsServer, connect as tlsConnect } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLeaves } from "../src/ca/leaves.ts";
import { createSandboxCa } from "../src/index.ts";
import { serverNameGate } from "../src/serverNameGate.ts";
import { closed } from "./support/client.ts";
import { helloOf } from "./support/hello.ts";
import { createWorld, portOf, type World } from "./support/world.ts";

/** TLS 1.3 lets a server ask for a second ClientHello; a server may obey the name in it. */
const HOST = "raw.example.com";
const EVIL = "evil.example.com";
const POLICY = `version: 1
network_policies:
  raw:
    endpoints:
      - { host: ${HOST}, port: 443, tls: skip }
      - { host: ${HOST}, port: 5432, protocol: tcp }
    binaries:
      - path: /usr/bin/curl
`;
const POSTGRES_TLS_REQUEST = Buffer.from("0000000804d2162f", "hex");
const CHANGE_CIPHER_SPEC = Buffer.from("140303000101", "hex");

let world: World;
let server: TlsServer;
let postgres: Server;
let context: Awaited<ReturnType<ReturnType<typeof createLeaves>["contextFor"]>>;
let ca: Awaited<ReturnType<typeof createSandboxCa>>;

beforeEach(async () => {
  ca = await createSandboxCa({ name: "upstream" });
  context = await createLeaves({ ca, now: Date.now }).contextFor(HOST);
  // A group that no client offers a share of in advance: every handshake here needs a second hello.
  server = createTlsServer(
    { SNICallback: (_name, done) => done(null, context), ecdhCurve: "P-521", minVersion: "TLSv1.3" },
    (peer) => {
      peer.on("error", () => {});
      peer.end("through");
    },
  );
  server.on("tlsClientError", () => {});
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  postgres = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (asked: Buffer) => {
      if (!asked.subarray(0, 8).equals(POSTGRES_TLS_REQUEST)) return socket.destroy();
      socket.write("S");
      const inner = connect(portOf(server), "127.0.0.1");
      inner.on("error", () => {});
      inner.write(asked.subarray(8));
      socket.pipe(inner).pipe(socket);
    });
  });
  postgres.listen(0, "127.0.0.1");
  await once(postgres, "listening");
  world = await createWorld({
    yaml: POLICY,
    resolve: { [`${HOST}:443`]: `127.0.0.1:${portOf(server)}`, [`${HOST}:5432`]: `127.0.0.1:${portOf(postgres)}` },
  });
});
afterEach(async () => {
  await world.close();
  server.close();
  postgres.close();
});

describe("a second ClientHello", () => {
  it("of an honest client passes", async () => {
    const port = await world.door(HOST, 443);
    const socket = tlsConnect({ host: "127.0.0.1", port, servername: HOST, ca: ca.certificatePem });
    const [text] = await once(socket, "data");
    expect(String(text)).toBe("through");
    socket.destroy();
  });

  it.each([
    ["after the server asked", false],
    ["sent at once with the first, before the server asked", true],
  ])("for another name is cut, %s", async (_name, atOnce) => {
    const [first, second] = [await helloOf(HOST), await helloOf(EVIL)];
    const socket = connect(await world.door(HOST, 443), "127.0.0.1");
    socket.on("error", () => {});
    if (atOnce) socket.write(Buffer.concat([first, CHANGE_CIPHER_SPEC, second]));
    else {
      socket.write(first);
      await once(socket, "data");
      socket.write(Buffer.concat([CHANGE_CIPHER_SPEC, second]));
    }
    await closed(socket.resume());
    await expect.poll(() => world.records.some(({ reason }) => reason.includes(EVIL))).toBe(true);
  });

  it("for another name is held back byte by byte", async () => {
    const [first, second] = [await helloOf(HOST), await helloOf(EVIL)];
    const { gate, hear } = serverNameGate(HOST);
    const out: Buffer[] = [];
    gate.on("data", (chunk: Buffer) => out.push(chunk));
    const failed = once(gate, "error").catch((error: Error) => [error]);
    gate.on("error", () => {});
    gate.write(first);
    const retry = Buffer.concat([
      Buffer.from("160303005802000054" + "0303", "hex"),
      Buffer.from("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c", "hex"),
      Buffer.alloc(20),
    ]);
    for (const byte of retry) hear(Buffer.from([byte]));
    for (const byte of Buffer.concat([CHANGE_CIPHER_SPEC, second])) gate.write(Buffer.from([byte]));
    await failed;
    expect(Buffer.concat(out)).toEqual(first);
  });
});

describe("Postgres's way into TLS", () => {
  it("passes for the host that was judged", async () => {
    const socket = connect(await world.door(HOST, 5432), "127.0.0.1");
    socket.write(POSTGRES_TLS_REQUEST);
    const [letter] = await once(socket, "data");
    expect(String(letter)).toBe("S");
    const tls = tlsConnect({ socket, servername: HOST, ca: ca.certificatePem });
    const [text] = await once(tls, "data");
    expect(String(text)).toBe("through");
    socket.destroy();
  });

  it("is cut for another name, in the first hello or the second, waited for or not", async () => {
    const [good, evil] = [await helloOf(HOST), await helloOf(EVIL)];
    for (const bytes of [
      Buffer.concat([POSTGRES_TLS_REQUEST, evil]),
      Buffer.concat([POSTGRES_TLS_REQUEST, good, CHANGE_CIPHER_SPEC, evil]),
    ]) {
      const socket = connect(await world.door(HOST, 5432), "127.0.0.1");
      socket.on("error", () => {});
      socket.write(bytes);
      await closed(socket.resume());
    }
    await expect.poll(() => world.records.filter(({ reason }) => reason.includes(EVIL)).length).toBe(2);
  });
});

describe("an encrypted ClientHello", () => {
  it("is refused where it would be relayed unread, whatever its outer name", async () => {
    const hello = await helloOf(HOST);
    const body = hello.subarray(9);
    let at = 35 + (body[34] ?? 0);
    at += 2 + body.readUInt16BE(at);
    at += 1 + (body[at] ?? 0);
    const extensions = Buffer.concat([Buffer.from("fe0d000100", "hex"), body.subarray(at + 2)]);
    const sized = (size: number, bytes: Buffer) => {
      const head = Buffer.alloc(size);
      head.writeUIntBE(bytes.length, 0, size);
      return Buffer.concat([head, bytes]);
    };
    const message = Buffer.concat([
      Buffer.from([1]),
      sized(3, Buffer.concat([body.subarray(0, at), sized(2, extensions)])),
    ]);
    const socket = connect(await world.door(HOST, 443), "127.0.0.1");
    socket.on("error", () => {});
    socket.write(Buffer.concat([Buffer.from("160301", "hex"), sized(2, message)]));
    await closed(socket.resume());
    await expect.poll(() => world.records.some(({ reason }) => reason.includes("(ECH)"))).toBe(true);
  });
});
