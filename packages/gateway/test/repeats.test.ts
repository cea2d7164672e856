import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ask, speak } from "./support/client.ts";
import { createUpstream, createWorld, type Upstream, type World } from "./support/world.ts";

/** A server that ends a kept connection in the middle of a request may have done already what it was asked. */
const HOST = "api.example.com";
const POLICY = `version: 1
network_policies:
  api:
    endpoints:
      - { host: ${HOST}, port: 443, protocol: rest, access: full }
    binaries:
      - path: /usr/bin/curl
`;

let upstream: Upstream;
let world: World;
/** Methods in the order of their arrival, each with how many requests its connection had carried before. */
let hits: string[];

beforeEach(async () => {
  hits = [];
  const carried = new WeakMap<object, number>();
  upstream = await createUpstream(HOST, (req, res) => {
    const before = carried.get(req.socket) ?? 0;
    carried.set(req.socket, before + 1);
    hits.push(`${req.method} ${before}`);
    // Only a connection that was kept is ended, without an answer, when the request is there whole.
    if (before > 0) req.socket.destroy();
    else res.end("ok");
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

describe("a request without a body", () => {
  /** Its status line, sent behind a request whose connection to the server was kept. */
  async function afterAKeptOne(method: string): Promise<string> {
    const door = await world.door(HOST, 443);
    const tls = { host: HOST, ca: world.ca.certificatePem };
    expect((await ask({ door, ...tls, path: "/v1/a" })).status).toBe(200);
    const head = `${method} /v1/a HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`;
    const { text } = await speak({ door, tls }, head);
    return text.slice(0, "HTTP/1.1 200".length);
  }

  it.each(["POST", "DELETE", "PUT", "PATCH"])("runs once as %s, on a connection of its own", async (method) => {
    expect(await afterAKeptOne(method)).toBe("HTTP/1.1 200");
    expect(hits).toEqual(["GET 0", `${method} 0`]);
  });

  it.each(["GET", "HEAD", "OPTIONS"])("is repeated as %s when a kept connection ends under it", async (method) => {
    expect(await afterAKeptOne(method)).toBe("HTTP/1.1 200");
    expect(hits).toEqual(["GET 0", `${method} 1`, `${method} 0`]);
  });
});
