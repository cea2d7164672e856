import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ask } from "./support/client.ts";
import { createUpstream, createWorld, type Upstream, type World } from "./support/world.ts";

export const POLICY = `version: 1
network_policies:
  tickets:
    name: tickets
    endpoints:
      - host: tickets.example.com
        port: 443
        protocol: rest
        rules:
          - allow: { method: GET, path: "/api/**" }
          - allow: { method: PUT, path: "/api/**" }
    binaries:
      - path: /usr/bin/curl
`;

let upstream: Upstream;
let world: World;
const seen: { method: string; url: string; headers: string[]; body: string }[] = [];

beforeEach(async () => {
  seen.length = 0;
  upstream = await createUpstream("tickets.example.com", async (req, res) => {
    let body = "";
    for await (const chunk of req) body += chunk;
    seen.push({ method: req.method ?? "", url: req.url ?? "", headers: req.rawHeaders, body });
    if (req.url === "/api/redirect") {
      res.writeHead(302, { location: "https://elsewhere.example.com/" });
      return void res.end();
    }
    res.setHeader("x-upstream", "yes");
    res.end(`hello ${req.method} ${req.url}`);
  });
  world = await createWorld({
    yaml: POLICY,
    resolve: { "tickets.example.com:443": `127.0.0.1:${upstream.port}` },
    upstreamCa: [upstream.caPem],
  });
});
afterEach(async () => {
  await world.close();
  await upstream.close();
});

const tickets = async (extra: Partial<Parameters<typeof ask>[0]> = {}) =>
  ask({
    door: await world.door("tickets.example.com", 443),
    host: "tickets.example.com",
    ca: world.ca.certificatePem,
    ...extra,
  });

describe("an inspected endpoint", () => {
  it("forwards an allowed request and records what it carried", async () => {
    const answer = await tickets({ path: "/api/tickets?open=1" });
    expect(answer.status).toBe(200);
    expect(answer.body).toBe("hello GET /api/tickets?open=1");
    expect(answer.headers["x-upstream"]).toBe("yes");
    expect(world.records).toHaveLength(1);
    expect(world.records[0]).toMatchObject({
      kind: "http",
      decision: "allow",
      rule: "tickets",
      host: "tickets.example.com",
      port: 443,
      protocol: "https",
      method: "GET",
      path: "/api/tickets?open=1",
      sandbox: "box",
      bytesIn: 29,
    });
  });

  it("streams a request body", async () => {
    const answer = await tickets({ method: "PUT", path: "/api/x", body: "z".repeat(200_000) });
    expect(answer.status).toBe(200);
    expect(seen[0]?.body.length).toBe(200_000);
    expect(world.records[0]?.bytesOut).toBe(200_000);
  });

  it("answers a denied request with the reason and sends nothing on", async () => {
    const answer = await tickets({ method: "POST", path: "/api/tickets", body: "{}" });
    expect(answer.status).toBe(403);
    expect(answer.headers["x-creel-decision"]).toBe("deny");
    expect(answer.json).toMatchObject({
      error: "policy_denied",
      rule: "tickets",
      host: "tickets.example.com",
      port: 443,
      binary: "/usr/bin/curl",
      method: "POST",
      path: "/api/tickets",
    });
    expect(answer.json.next_steps).toHaveLength(2);
    expect(seen).toHaveLength(0);
    expect(world.records[0]).toMatchObject({ decision: "deny", method: "POST" });
  });

  it("judges and forwards the canonical path, so that dot segments change nothing", async () => {
    expect((await tickets({ path: "/api/%2e%2e/admin" })).status).toBe(403);
    expect((await tickets({ path: "/api/a/%2E%2E/b" })).body).toBe("hello GET /api/b");
  });

  it("tells another program that the connection is denied, readably", async () => {
    world.identity.current = { path: "/usr/bin/python3", sha256: "b".repeat(64), pid: 8, ancestors: [] };
    const answer = await tickets({ path: "/api/x" });
    expect(answer.status).toBe(403);
    expect(answer.json.binary).toBe("/usr/bin/python3");
    expect(world.records).toHaveLength(1);
    expect(world.records[0]).toMatchObject({ kind: "http", decision: "deny", method: "GET", path: "/api/x" });
  });

  it("resets a connection that nobody vouches for", async () => {
    world.identity.current = null;
    await expect(tickets({ path: "/api/x" })).rejects.toThrow();
    expect(world.records[0]).toMatchObject({ kind: "connect", decision: "deny", binary: null });
  });

  it("does not follow redirects", async () => {
    const answer = await tickets({ path: "/api/redirect" });
    expect(answer.status).toBe(302);
    expect(answer.headers.location).toBe("https://elsewhere.example.com/");
    expect(seen).toHaveLength(1);
  });

  it("takes a new policy into account at the very next request", async () => {
    expect((await tickets({ method: "POST", path: "/api/t" })).status).toBe(403);
    world.set(POLICY.replace("method: PUT", "method: POST"));
    expect((await tickets({ method: "POST", path: "/api/t" })).status).toBe(200);
    expect(world.records.at(-1)?.generation).toBe(2);
  });

  it("refuses an upstream whose certificate nobody vouches for", async () => {
    await world.close();
    world = await createWorld({
      yaml: POLICY,
      resolve: { "tickets.example.com:443": `127.0.0.1:${upstream.port}` },
    });
    const answer = await tickets({ path: "/api/x" });
    expect(answer.status).toBe(502);
    expect(seen).toHaveLength(0);
  });

  it("has an address of another block than a name that no rule names", async () => {
    expect(await world.addressOf("evil.example.com")).toMatch(/^198\.19\./);
    expect(await world.addressOf("tickets.example.com")).toMatch(/^198\.18\./);
  });
});
