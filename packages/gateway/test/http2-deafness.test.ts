import { once } from "node:events";
import { createServer, type ServerHttp2Session } from "node:http2";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createLeaves } from "../src/ca/leaves.ts";
import { watchDeafness } from "../src/http2/deafness.ts";
import { createSandboxCa } from "../src/index.ts";
import { FLAG, frame, PREFACE, TYPE } from "./support/frames.ts";
import { tlsThrough } from "./support/http2Client.ts";
import { portOf } from "./support/world.ts";

/** Threat: a client of HTTP/2 commits a fault after which nghttp2 reads nothing more and tells nobody, and keeps its place for good. */
const HOST = "api.example.com";
const LARGEST_FRAME = 16 * 1024;
const settings = Buffer.concat([PREFACE, frame(TYPE.SETTINGS, 0, 0)]);

let server: ReturnType<typeof createTlsServer>;
let ca: Awaited<ReturnType<typeof createSandboxCa>>;
let looks: number;
let busy: boolean;
let throttled: boolean;
let client: TLSSocket;
/** Resolves with the number of looks that were taken when the connection was found deaf. */
let deaf: Promise<number>;
let found: boolean;

beforeEach(async () => {
  [looks, busy, throttled, found] = [0, true, false, false];
  ca = await createSandboxCa({ name: "door" });
  const context = await createLeaves({ ca, now: Date.now }).contextFor(HOST);
  const http2 = createServer();
  deaf = new Promise((resolve) => {
    server = createTlsServer({ SNICallback: (_name, done) => done(null, context), ALPNProtocols: ["h2"] }, (socket) => {
      socket.on("error", () => {});
      http2.once("session", (session: ServerHttp2Session) => {
        session.on("error", () => {});
        watchDeafness({
          session,
          socket,
          busy: () => busy,
          throttled: () => {
            looks += 1;
            return throttled;
          },
          onDeaf: () => {
            found = true;
            resolve(looks);
            session.destroy();
          },
          waits: { intervalMs: 20, looksMax: 2, throttledLooksMax: 6 },
        });
      });
      http2.emit("connection", socket);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  client = await tlsThrough(portOf(server), { host: HOST, ca: ca.certificatePem });
  client.on("error", () => {});
});
afterEach(() => {
  client.destroy();
  server.close();
});

const tooLong = () => frame(TYPE.DATA, 0, 1, Buffer.alloc(LARGEST_FRAME + 1));

it("ends a connection that nghttp2 no longer reads, after as many looks as its bound says", async () => {
  client.write(Buffer.concat([settings, tooLong()]));
  expect(await deaf).toBe(2);
});

it("waits longer where we ourselves slow the sandbox down", async () => {
  throttled = true;
  client.write(Buffer.concat([settings, tooLong()]));
  expect(await deaf).toBe(6);
});

it("asks an honest client by PING, and leaves it alone whether it answers or is stopped", async () => {
  let pings = 0;
  client.on("data", (chunk: Buffer) => {
    for (let at = 0; at + 9 <= chunk.length; at += 9 + chunk.readUIntBE(at, 3))
      if (chunk[at + 3] === TYPE.PING) pings += 1;
  });
  client.write(Buffer.concat([settings, frame(TYPE.SETTINGS, FLAG.ACK, 0)]));
  // Unanswered PINGs are written all the same: that its client is stopped is not that we are deaf.
  await expect.poll(() => pings).toBeGreaterThan(4);
  expect(found).toBe(false);
});
