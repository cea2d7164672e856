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
          - allow: { method: POST, path: "/ok/**" }
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

it("ends the line of the request under way when its client leaves; those whose turn never came were not asked", async () => {
  await world.close();
  await upstream.close();
  const asked: (string | undefined)[] = [];
  upstream = await createUpstream(HOST, (req) => void asked.push(req.url), { secure: false });
  world = await createWorld({ yaml: POLICY, resolve: { [`${HOST}:80`]: `127.0.0.1:${upstream.port}` } });
  const door = await world.door(HOST, 80);
  await speak({ door }, request("/ok/a") + request("/ok/b") + request("/ok/c"), { timeoutMs: 300 });
  await expect.poll(() => world.records.map(({ path }) => path)).toEqual(["/ok/a"]);
  expect(asked).toEqual(["/ok/a"]);
});

/** Each would be a socket of the process that serves every sandbox: what may not be sent twice gets a fresh one. */
it("dials a slow host once for each connection, however much each asks ahead, and a neighbour goes on", async () => {
  const connections = 30;
  const ahead = 12;
  await world.close();
  await upstream.close();
  let dialled = 0;
  let slow = true;
  const held: (() => void)[] = [];
  upstream = await createUpstream(
    HOST,
    (req, res) => {
      const answer = () => res.end(`[${req.url}]`);
      if (slow) held.push(answer);
      else answer();
    },
    { secure: false },
  );
  upstream.server.on("connection", () => {
    dialled += 1;
  });
  world = await createWorld({ yaml: POLICY, resolve: { [`${HOST}:80`]: `127.0.0.1:${upstream.port}` } });
  const quick = await createUpstream(HOST, (_req, res) => void res.end("quick"), { secure: false });
  const neighbour = await createWorld({ yaml: POLICY, resolve: { [`${HOST}:80`]: `127.0.0.1:${quick.port}` } });
  try {
    const door = await world.door(HOST, 80);
    const posts = Array.from({ length: ahead }, (_, at) => {
      const last = at === ahead - 1 ? "Connection: close\r\n" : "";
      return `POST /ok/${at} HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 0\r\n${last}\r\n`;
    }).join("");
    const flood = Array.from({ length: connections }, () => speak({ door }, posts));
    await expect.poll(() => held.length).toBe(connections);
    const closing = request("/ok/a").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    expect((await speak({ door: await neighbour.door(HOST, 80) }, closing)).text).toContain("quick");
    expect(dialled).toBe(connections);
    slow = false;
    for (const answer of held) answer();
    const inOrder = Array.from({ length: ahead }, (_, at) => `[/ok/${at}]`).join("");
    for (const { text } of await Promise.all(flood)) expect((text.match(/\[[^\]]*\]/g) ?? []).join("")).toBe(inOrder);
  } finally {
    await neighbour.close();
    await quick.close();
  }
});
