import type { ServerHttp2Stream } from "node:http2";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { UPSTREAM_SESSIONS_PER_HOST_MAX, UPSTREAM_TURN_TIMEOUT_MS } from "../src/limits.ts";
import { eventually } from "./support/eventually.ts";
import { ask2, createHttp2Upstream, type Http2Upstream, http2Through } from "./support/http2Client.ts";
import { createWorld, type World } from "./support/world.ts";

/** A server that allows one stream on each connection, and leaves it open: whoever comes behind is told, and not kept for ever. */
const HOST = "api.example.com";
const POLICY = `version: 1
network_policies:
  api:
    endpoints: [{ host: ${HOST}, port: 443, protocol: rest, access: full }]
    binaries: [{ path: /usr/bin/curl }]
`;

let upstream: Http2Upstream;
let world: World;
let open: ServerHttp2Stream[];
beforeEach(async () => {
  open = [];
  upstream = await createHttp2Upstream(HOST, (server) => {
    server.on("session", (session) => session.settings({ maxConcurrentStreams: 1 }));
    server.on("stream", (stream) => {
      stream.on("error", () => {});
      open.push(stream);
    });
  });
  world = await createWorld({
    yaml: POLICY,
    resolve: { [`${HOST}:443`]: `127.0.0.1:${upstream.port}` },
    upstreamCa: [upstream.caPem],
  });
});
afterEach(async () => {
  vi.useRealTimers();
  await world.close();
  await upstream.close();
});

const client = async () => http2Through(await world.door(HOST, 443), { host: HOST, ca: world.ca.certificatePem });

test("a request that got no turn is answered 503 with what to do, its line says why, and the server never saw it", async () => {
  const session = await client();
  for (let n = 0; n < UPSTREAM_SESSIONS_PER_HOST_MAX; n += 1) {
    session.request({ ":path": `/open/${n}` }).on("error", () => {});
    await expect.poll(() => open.length).toBe(n + 1);
  }
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const late = ask2(session, { ":path": "/late" });
  // The first timer since time stands still is the one that bounds its turn.
  await eventually(() => expect(vi.getTimerCount()).toBe(1));
  expect(world.gateway.traffic("box")?.open).toBe(UPSTREAM_SESSIONS_PER_HOST_MAX + 1);
  let answered = false;
  const said = () => {
    answered = true;
  };
  late.then(said, said);
  vi.advanceTimersByTime(UPSTREAM_TURN_TIMEOUT_MS - 1);
  await new Promise(setImmediate);
  expect(answered).toBe(false);
  vi.advanceTimersByTime(1);
  vi.useRealTimers();
  const answer = await late;
  expect([answer.status, answer.json]).toEqual([
    503,
    expect.objectContaining({
      error: "upstream_busy",
      reason: expect.stringContaining("too many answers of it are open"),
    }),
  ]);
  expect(open).toHaveLength(UPSTREAM_SESSIONS_PER_HOST_MAX);
  session.destroy();
});

test("a request whose turn comes in time is answered as if it had not waited", async () => {
  const session = await client();
  for (let n = 0; n < UPSTREAM_SESSIONS_PER_HOST_MAX; n += 1) {
    session.request({ ":path": `/open/${n}` }).on("error", () => {});
    await expect.poll(() => open.length).toBe(n + 1);
  }
  const late = ask2(session, { ":path": "/late" });
  await expect.poll(() => world.gateway.traffic("box")?.open).toBe(UPSTREAM_SESSIONS_PER_HOST_MAX + 1);
  for (const stream of open.splice(0)) {
    stream.respond({ ":status": 204 }, { endStream: true });
    stream.end();
  }
  await expect.poll(() => open.length).toBe(1);
  open[0]?.respond({ ":status": 200 });
  open[0]?.end("at last");
  expect(await late).toMatchObject({ status: 200, body: "at last" });
  session.destroy();
});
