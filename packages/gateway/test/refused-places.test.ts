import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { PROXY_HOST, PROXY_PORT } from "../src/index.ts";
import { createWorld, type World } from "./support/world.ts";

/** Threat: connections that were refused and are over, but still count, until the sandbox may open none at all. */
const PLACES = 4;
const POLICY = `version: 1
sandbox: { limits: { connections: ${PLACES} } }
network_policies:
  api:
    endpoints: [{ host: api.example.com, port: 80, protocol: rest, access: full }]
    binaries: [{ path: /usr/bin/curl }]
`;

let world: World;
afterEach(() => world.close());

/** What came back until the gateway ended the connection; the client talks on when it is refused, and leaves without a reset. */
async function said(port: number, text: string): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let answer = "";
  socket.on("data", (chunk) => {
    answer += String(chunk);
  });
  socket.write(text);
  await once(socket, "data");
  socket.end("what nobody reads");
  await once(socket, "close");
  return answer;
}

test.each([
  [
    "an upgrade",
    "api.example.com",
    80,
    "GET / HTTP/1.1\r\nHost: api.example.com\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
  ],
  ["a CONNECT", PROXY_HOST, PROXY_PORT, "CONNECT a.example.com:443 HTTP/1.1\r\nHost: b.example.com:443\r\n\r\n"],
])(
  "%s that is refused gives its place back when its client leaves, whatever it says then",
  async (_, host, port, head) => {
    world = await createWorld({ yaml: POLICY });
    const door = await world.door(host, port);
    for (let round = 0; round < PLACES * 3; round += 1) expect(await said(door, head)).toMatch(/^HTTP\/1.1 403 /);
  },
);
