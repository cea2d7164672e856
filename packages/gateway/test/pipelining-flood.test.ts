import { afterEach, beforeEach, expect, it } from "vitest";
import { speak } from "./support/client.ts";
import { createUpstream, createWorld, type Upstream, type World } from "./support/world.ts";

/** One connection, requests without end, no answer waited for: each would hold memory of the process that serves every sandbox. */
const HOST = "plain.example.com";
const POLICY = `version: 1
network_policies:
  api:
    endpoints:
      - host: ${HOST}
        port: 80
        protocol: rest
        rules:
          - allow: { method: GET, path: "/ok/**" }
    binaries:
      - path: /usr/bin/curl
`;

let upstream: Upstream;
let world: World;
let served: number;
beforeEach(async () => {
  served = 0;
  upstream = await createUpstream(
    HOST,
    (_req, res) => {
      served += 1;
      res.end("ok");
    },
    { secure: false },
  );
  world = await createWorld({ yaml: POLICY, resolve: { [`${HOST}:80`]: `127.0.0.1:${upstream.port}` } });
});
afterEach(async () => {
  await world.close();
  await upstream.close();
});

const request = (path: string) => `GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;

it.each(["/ok/a", "/denied"])("cuts a flood of %s after a few, with one line that says why", async (path) => {
  const { text } = await speak({ door: await world.door(HOST, 80) }, request(path).repeat(2000), { timeoutMs: 3000 });
  expect(text.split("HTTP/1.1 ").length).toBeLessThan(50);
  expect(served).toBeLessThan(50);
  await expect.poll(() => world.records.filter(({ reason }) => reason.includes("at once")).length).toBe(1);
  expect(world.records.length).toBeLessThan(50);
});

it("serves as many at once as apt asks for", async () => {
  const door = await world.door(HOST, 80);
  const { text } = await speak({ door }, request("/ok/a").repeat(10), { timeoutMs: 1000 });
  expect(text.split("HTTP/1.1 200 ").length - 1).toBe(10);
});

it("ends the line of each request under way when its client leaves, also of those whose turn never came", async () => {
  await world.close();
  await upstream.close();
  upstream = await createUpstream(HOST, () => {}, { secure: false });
  world = await createWorld({ yaml: POLICY, resolve: { [`${HOST}:80`]: `127.0.0.1:${upstream.port}` } });
  const door = await world.door(HOST, 80);
  await speak({ door }, request("/ok/a") + request("/ok/b") + request("/ok/c"), { timeoutMs: 300 });
  await expect.poll(() => world.records.map(({ path }) => path).sort()).toEqual(["/ok/a", "/ok/b", "/ok/c"]);
});
