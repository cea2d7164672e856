import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { connect as netConnect } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ask } from "./support/client.ts";
import { createUpstream, createWorld, type Upstream, type World } from "./support/world.ts";

const HOST = "api.example.com";
const YAML = `version: 1
network_policies:
  api:
    name: api
    endpoints:
      - { host: ${HOST}, port: 443, protocol: rest, access: read-only }
    binaries:
      - path: /usr/bin/curl
`;

let upstream: Upstream;
let world: World;
let asked: (waiting: ServerResponse) => void;
/** What waits for its answer at the server. */
let waiting: Promise<ServerResponse>;

beforeEach(async () => {
  waiting = new Promise((resolve) => {
    asked = resolve;
  });
  upstream = await createUpstream(HOST, (req, res) => (req.url === "/slow" ? asked(res) : res.end("ok")));
  world = await createWorld({
    yaml: YAML,
    resolve: { [`${HOST}:443`]: `127.0.0.1:${upstream.port}` },
    upstreamCa: [upstream.caPem],
  });
});
afterEach(async () => {
  await world.close();
  await upstream.close();
});

const call = async (path: string, method = "GET") =>
  ask({ door: await world.door(HOST, 443), host: HOST, ca: world.ca.certificatePem, path, method });

it("a request is open until its answer has ended, and its beginning and its end both count", async () => {
  expect(world.gateway.traffic("box")).toEqual({ count: 0, open: 0 });
  const answer = call("/slow");
  const response = await waiting;
  expect(world.gateway.traffic("box")).toEqual({ count: 1, open: 1 });
  response.end("at last");
  expect(await answer).toMatchObject({ status: 200, body: "at last" });
  await expect.poll(() => world.gateway.traffic("box")).toEqual({ count: 2, open: 0 });
});

it("a request that is cut is open no longer", async () => {
  const cut = expect(call("/slow")).rejects.toThrow();
  await waiting;
  world.set("version: 1\n");
  await cut;
  await expect.poll(() => world.gateway.traffic("box")).toMatchObject({ open: 0 });
});

it("a refused request counts and is never open", async () => {
  expect(await call("/", "DELETE")).toMatchObject({ status: 403 });
  expect(world.gateway.traffic("box")).toEqual({ count: 1, open: 0 });
});

it("ATTACK a connection held open on which nothing is asked counts for nothing, before and after its TLS", async () => {
  const door = await world.door(HOST, 443);
  const silent = netConnect(door, "127.0.0.1");
  const greeted = tlsConnect({ host: "127.0.0.1", port: door, servername: HOST, ca: world.ca.certificatePem });
  await Promise.all([once(silent, "connect"), once(greeted, "secureConnect")]);
  expect(world.gateway.traffic("box")).toEqual({ count: 0, open: 0 });
  silent.destroy();
  greeted.destroy();
});

it("knows nothing of a sandbox that is not served", async () => {
  await world.gateway.remove("box");
  expect(world.gateway.traffic("box")).toBeNull();
});
