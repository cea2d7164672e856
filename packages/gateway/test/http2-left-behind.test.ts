import { EventEmitter, once } from "node:events";
import { connect } from "node:http2";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { afterEach, expect, test } from "vitest";
import { createLeaves } from "../src/ca/leaves.ts";
import { watchEnd } from "../src/http2/leftBehind.ts";
import { createSandboxCa } from "../src/index.ts";
import { frame, TYPE } from "./support/frames.ts";
import { createHttp2Upstream, http2Through, tlsThrough } from "./support/http2Client.ts";
import { createWorld, portOf, type World } from "./support/world.ts";

/** Threat: a connection whose other side has gone stays, because Node waits for a reader, or for a write, that never comes. */
const HOST = "api.example.com";
const POLICY = `version: 1
network_policies:
  api:
    endpoints: [{ host: ${HOST}, port: 443, protocol: rest, access: full }]
    binaries: [{ path: /usr/bin/curl }]
`;
/** More than a client of a small window takes, less than what the gateway takes ahead. */
const ANSWER_BYTES = 200_000;
const LARGEST_FRAME_BYTES = 16 * 1024;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function worldTowards(port: number, caPem: string): Promise<World> {
  const world = await createWorld({
    yaml: POLICY,
    resolve: { [`${HOST}:443`]: `127.0.0.1:${port}` },
    upstreamCa: [caPem],
  });
  closing.push(() => world.close());
  return world;
}
const open = (world: World) => world.gateway.traffic("box")?.open;

test("an answer that its server ended and nobody read does not keep the connection to the server", async () => {
  const upstream = await createHttp2Upstream(HOST, (server) =>
    server.on("stream", (stream) => {
      stream.on("error", () => {});
      stream.respond({ ":status": 200 });
      stream.end(Buffer.alloc(ANSWER_BYTES, "l"));
    }),
  );
  closing.push(() => upstream.close());
  const world = await worldTowards(upstream.port, upstream.caPem);
  const socket = await tlsThrough(await world.door(HOST, 443), { host: HOST, ca: world.ca.certificatePem });
  const client = connect(`https://${HOST}`, { createConnection: () => socket, settings: { initialWindowSize: 100 } });
  client.on("error", () => {});
  const ended = new Promise((resolve) =>
    upstream.server.once("stream", (stream) => stream.once("close", () => resolve(stream.rstCode))),
  );
  client.request({ ":path": "/large" }).on("error", () => {});
  // The whole of it lies in the gateway.
  expect(await ended).toBe(0);
  socket.destroy();
  await expect.poll(() => open(world)).toBe(0);
  expect(upstream.sessions.size).toBe(1);
  // Nothing new goes out on what was dialled under the policy before: it ends with its last stream.
  world.set(POLICY);
  await expect.poll(() => upstream.sessions.size).toBe(0);
});

test("a server whose fault stops the reading of its connection keeps it no longer than its streams are wanted", async () => {
  const ca = await createSandboxCa({ name: "upstream" });
  const context = await createLeaves({ ca, now: Date.now }).contextFor(HOST);
  const server = createTlsServer({ SNICallback: (_name, done) => done(null, context), ALPNProtocols: ["h2"] });
  const accepted = new Promise<TLSSocket>((resolve) =>
    server.on("secureConnection", (socket) => {
      socket.on("error", () => {});
      socket.once("data", () => {
        socket.write(frame(TYPE.SETTINGS, 0, 0));
        socket.write(frame(TYPE.DATA, 0, 1, Buffer.alloc(LARGEST_FRAME_BYTES + 1)));
        resolve(socket);
      });
    }),
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closing.push(() => server.close());
  const world = await worldTowards(portOf(server), ca.certificatePem);
  const client = await http2Through(await world.door(HOST, 443), { host: HOST, ca: world.ca.certificatePem });
  client.request({ ":path": "/x" }).on("error", () => {});
  const socket = await accepted;
  const gone = once(socket, "close");
  socket.resume();
  client.destroy();
  await expect.poll(() => open(world)).toBe(0);
  world.set(POLICY);
  await gone;
});

/** A session of Node's that is over, and never says that its socket has closed: what a race of its last write with a reset leaves. */
class Session extends EventEmitter {
  looks = 0;
  over = false;
  closed: boolean;
  constructor({ closed }: { closed: boolean }) {
    super();
    this.closed = closed;
  }
  get destroyed(): boolean {
    this.looks += 1;
    return this.over;
  }
}
const waits = { intervalMs: 5, endedLooksMax: 2, endingLooksMax: 6 };

for (const [how, closed, looks] of [
  ["was broken off", false, 2],
  ["was closed in order", true, 6],
] as const)
  test(`the socket of a session that ${how} goes after ${looks} looks`, async () => {
    const session = new Session({ closed });
    session.over = true;
    await new Promise<void>((resolve) => watchEnd({ session, onLeft: resolve, waits }));
    expect(session.looks).toBe(looks);
  });

test("a session that goes on is left alone, and one whose socket closed is watched no more", async () => {
  const session = new Session({ closed: false });
  let left = false;
  watchEnd({
    session,
    onLeft: () => {
      left = true;
    },
    waits,
  });
  await expect.poll(() => session.looks).toBeGreaterThan(waits.endingLooksMax);
  session.emit("close");
  session.over = true;
  // Another's looks are over by the time that this one's would be.
  const other = new Session({ closed: true });
  other.over = true;
  await new Promise<void>((resolve) => watchEnd({ session: other, onLeft: resolve, waits }));
  expect(left).toBe(false);
});
