import type { IncomingMessage, ServerResponse } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { block, FLAG, frame, type RawConnection, rawHttp2, TYPE } from "./support/frames.ts";
import { ask2, http2Through } from "./support/http2Client.ts";
import { createUpstream, createWorld, type Upstream, type World } from "./support/world.ts";

/**
 * Threat: one stream or one answer makes Node throw in the event of a socket, which would end the gateway of every sandbox of the host.
 * An error that nobody catches fails the run of these tests.
 */
const HOST = "api.example.com";
const POLICY = `version: 1
network_policies:
  api:
    endpoints: [{ host: ${HOST}, port: 443, protocol: rest, access: full }]
    binaries: [{ path: /usr/bin/curl }]
`;

let world: World;
let upstream: Upstream;
let serve: (request: IncomingMessage, response: ServerResponse) => void;
beforeEach(async () => {
  upstream = await createUpstream(HOST, (request, response) => {
    if (request.url === "/fine") response.end("fine");
    else serve(request, response);
  });
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

const session = async () =>
  await http2Through(await world.door(HOST, 443), { host: HOST, ca: world.ca.certificatePem });

test.each([600, 999])("an answer of status %i is refused, and the next request is served", async (status) => {
  serve = (_request, response) => void response.socket?.end(`HTTP/1.1 ${status} No\r\nContent-Length: 2\r\n\r\nno`);
  const client = await session();
  expect(await ask2(client, { ":path": "/odd" })).toMatchObject({ status: 502 });
  expect(await ask2(client, { ":path": "/fine" })).toMatchObject({ status: 200 });
  client.destroy();
});

/** Sends body until the gateway, and all that lies behind it, takes no more. */
async function fill(raw: RawConnection, stream: number): Promise<void> {
  let sent = 0;
  const window = (of: number): number =>
    raw.seen
      .filter((seen) => seen.type === TYPE.WINDOW_UPDATE && seen.stream === of)
      .reduce((sum, { payload }) => sum + payload.readUInt32BE(0), FIRST_WINDOW) - sent;
  for (let still = 0; still < LOOKS; still += 1) {
    while (Math.min(window(0), window(stream)) >= PIECE.length) {
      raw.send(frame(TYPE.DATA, 0, stream, PIECE));
      sent += PIECE.length;
      still = 0;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}
const PIECE = Buffer.alloc(16_384);
const FIRST_WINDOW = 65_535;
const [LOOKS, LOOK_MS] = [10, 20];

test("a stream that its client takes back while its body waits gives its place back, and its answer goes nowhere", async () => {
  let answer = (): void => {};
  serve = (request, response) => {
    request.socket.pause();
    answer = () => void response.end("late");
  };
  const raw = await rawHttp2(await world.door(HOST, 443), { host: HOST, ca: world.ca.certificatePem });
  const head = block([
    [":method", "POST"],
    [":scheme", "https"],
    [":authority", HOST],
    [":path", "/unread"],
  ]);
  raw.send(frame(TYPE.HEADERS, FLAG.END_HEADERS, 1, head));
  await fill(raw, 1);
  raw.send(frame(TYPE.RST_STREAM, 0, 1, Buffer.alloc(4)));
  answer();
  const client = await session();
  for (let at = 0; at < 3; at += 1) expect(await ask2(client, { ":path": "/fine" })).toMatchObject({ status: 200 });
  client.destroy();
  raw.socket.destroy();
  await expect.poll(() => world.gateway.traffic("box")?.open).toBe(0);
});
