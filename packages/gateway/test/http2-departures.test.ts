import { once } from "node:events";
import { connect } from "node:http2";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createHttp2Upstream, type Http2Upstream, tlsThrough } from "./support/http2Client.ts";
import { createWorld, type World } from "./support/world.ts";

/** Threat: a client of HTTP/2 that is gone keeps a place, because its server never answers and nobody notices. */
const HOST = "api.example.com";
const POLICY = `version: 1
network_policies:
  api:
    endpoints: [{ host: ${HOST}, port: 443, protocol: rest, access: full }]
    binaries: [{ path: /usr/bin/curl }]
`;

let world: World;
let upstream: Http2Upstream;
beforeEach(async () => {
  upstream = await createHttp2Upstream(HOST, (server) =>
    server.on("stream", (stream) => void stream.on("error", () => {})),
  );
  world = await createWorld({
    yaml: POLICY,
    resolve: { [`${HOST}:443`]: `127.0.0.1:${upstream.port}` },
    upstreamCa: [upstream.caPem],
  });
});
afterEach(async () => {
  await world.close();
  await upstream.close();
});

const open = () => world.gateway.traffic("box")?.open;

test("a client that ends its connection before its answer gives the request up, and its server is told", async () => {
  const socket = await tlsThrough(await world.door(HOST, 443), { host: HOST, ca: world.ca.certificatePem });
  const session = connect(`https://${HOST}`, { createConnection: () => socket });
  session.on("error", () => {});
  const asked = once(upstream.server, "stream");
  session.request({ ":path": "/silent" }).on("error", () => {});
  const [stream] = await asked;
  expect(open()).toBe(1);
  const told = once(stream, "close");
  // A FIN alone: no GOAWAY, no RST_STREAM and no reset say more.
  socket.end();
  await told;
  await expect.poll(open).toBe(0);
});
