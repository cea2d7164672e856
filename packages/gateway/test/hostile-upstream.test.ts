import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { speak } from "./support/client.ts";
import { createWorld, portOf, type World } from "./support/world.ts";

/** An allowed host that the attacker owns, and what it answers to bring down the process that serves every sandbox. */
const HOST = "plain.example.com";
const POLICY = `version: 1
network_policies:
  api:
    endpoints:
      - host: ${HOST}
        port: 80
        protocol: rest
        access: full
    binaries:
      - path: /usr/bin/curl
`;
const ANSWERS: Record<string, { answer: string; status: number }> = {
  "status 000": { answer: "HTTP/1.1 000 x", status: 502 },
  "status 099": { answer: "HTTP/1.1 099 x", status: 502 },
  "status 101 that nobody asked for": { answer: "HTTP/1.1 101 x", status: 502 },
  "a control character in the reason": { answer: "HTTP/1.1 200 O\x01K", status: 200 },
  "a NUL in the reason": { answer: "HTTP/1.1 200 O\0K", status: 200 },
  "DEL in the reason": { answer: "HTTP/1.1 200 O\x7fK", status: 200 },
};

let world: World;
let upstream: Server;
afterEach(async () => {
  await world.close();
  upstream.close();
});

describe("an upstream's malformed answer", () => {
  for (const [name, { answer, status }] of Object.entries(ANSWERS))
    it(`${name}: concerns who asked, and nobody else`, async () => {
      upstream = createServer((socket) => {
        socket.on("error", () => {});
        socket.once("data", () => socket.end(`${answer}\r\nContent-Length: 0\r\n\r\n`, "latin1"));
      });
      upstream.listen(0, "127.0.0.1");
      await once(upstream, "listening");
      world = await createWorld({ yaml: POLICY, resolve: { [`${HOST}:80`]: `127.0.0.1:${portOf(upstream)}` } });
      const door = await world.door(HOST, 80);
      // An exception outside of any promise ends the process; vitest reports it as an error of this run.
      const { text } = await speak({ door }, `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`, {
        timeoutMs: 1000,
      });
      expect(text.slice(0, 13)).toBe(`HTTP/1.1 ${status} `);
    });
});
