import { Agent } from "node:https";
import { connect as tlsConnect } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ask, closed, speak } from "./support/client.ts";
import { createUpstream, createWorld, type Upstream, type World } from "./support/world.ts";

const HOST = "api.example.com";
const POLICY = `version: 1
network_policies:
  api:
    name: api
    endpoints:
      - host: ${HOST}
        port: 443
        protocol: rest
        rules:
          - allow: { method: GET, path: "/v1/**" }
          - allow: { method: POST, path: "/v1/**" }
      - host: plain.example.com
        port: 80
        protocol: rest
        rules:
          - allow: { method: GET, path: "/v1/**" }
      - host: inner.example.com
        port: 443
        protocol: rest
        access: full
      - host: "*.wild.example.com"
        port: 443
        protocol: rest
        access: full
    binaries:
      - path: /usr/bin/curl
`;

let upstream: Upstream;
let world: World;
let hits: string[];

beforeEach(async () => {
  hits = [];
  upstream = await createUpstream(HOST, (req, res) => {
    hits.push(`${req.method} ${req.url} ${req.headers.host}`);
    req.resume();
    res.end("ok");
  });
  world = await createWorld({
    yaml: POLICY,
    resolve: { [`${HOST}:443`]: `127.0.0.1:${upstream.port}`, "plain.example.com:80": `127.0.0.1:${upstream.port}` },
    upstreamCa: [upstream.caPem],
    lookup: async (host) => (host === "inner.example.com" ? inner : Promise.reject(new Error("NXDOMAIN"))),
  });
});
let inner: string[] = [];
afterEach(async () => {
  await world.close();
  await upstream.close();
});

const raw = async (head: string) => {
  const door = await world.door(HOST, 443);
  return speak({ door, tls: { host: HOST, ca: world.ca.certificatePem } }, head.replaceAll("\n", "\r\n"), {
    timeoutMs: 700,
  });
};

describe("request smuggling and host confusion", () => {
  const corpus: Record<string, string> = {
    "Content-Length and Transfer-Encoding": `POST /v1/a HTTP/1.1\nHost: ${HOST}\nContent-Length: 4\nTransfer-Encoding: chunked\n\n0\n\n`,
    "two Content-Lengths": `POST /v1/a HTTP/1.1\nHost: ${HOST}\nContent-Length: 0\nContent-Length: 5\n\nhello`,
    "signed Content-Length": `POST /v1/a HTTP/1.1\nHost: ${HOST}\nContent-Length: +1\n\nx`,
    "a transfer encoding that is not chunked": `POST /v1/a HTTP/1.1\nHost: ${HOST}\nTransfer-Encoding: xchunked\n\n0\n\n`,
    "Transfer-Encoding in HTTP/1.0": `POST /v1/a HTTP/1.0\nHost: ${HOST}\nTransfer-Encoding: chunked\n\n0\n\n`,
    "two Host headers": `GET /v1/a HTTP/1.1\nHost: ${HOST}\nHost: evil.example.com\n\n`,
    "two equal Host headers": `GET /v1/a HTTP/1.1\nHost: ${HOST}\nHost: ${HOST}\n\n`,
    "a list in Host": `GET /v1/a HTTP/1.1\nHost: ${HOST}, evil.example.com\n\n`,
    "a user in Host": `GET /v1/a HTTP/1.1\nHost: ${HOST}@evil.example.com\n\n`,
    "another Host": `GET /v1/a HTTP/1.1\nHost: evil.example.com\n\n`,
    "another port in Host": `GET /v1/a HTTP/1.1\nHost: ${HOST}:8443\n\n`,
    "no Host": "GET /v1/a HTTP/1.1\n\n",
    "absolute-form with another host": `GET https://evil.example.com/v1/a HTTP/1.1\nHost: ${HOST}\n\n`,
    "absolute-form with another scheme": `GET http://${HOST}/v1/a HTTP/1.1\nHost: ${HOST}\n\n`,
    "a space before the colon": `GET /v1/a HTTP/1.1\nHost: ${HOST}\nX-A : b\n\n`,
    "a folded header": `GET /v1/a HTTP/1.1\nHost: ${HOST}\nX-A: b\n c: d\n\n`,
    CONNECT: `CONNECT evil.example.com:443 HTTP/1.1\nHost: ${HOST}\n\n`,
    TRACE: `TRACE /v1/a HTTP/1.1\nHost: ${HOST}\n\n`,
    "the HTTP/2 preface": "PRI * HTTP/2.0\n\nSM\n\n",
    "a method override": `POST /v1/a HTTP/1.1\nHost: ${HOST}\nX-HTTP-Method-Override: DELETE\nContent-Length: 0\n\n`,
    "an unknown Expect": `GET /v1/a HTTP/1.1\nHost: ${HOST}\nExpect: the-unexpected\n\n`,
    "a Connection header that hides Host": `GET /v1/a HTTP/1.1\nHost: ${HOST}\nConnection: host\n\n`,
    "an upgrade to h2c": `GET /v1/a HTTP/1.1\nHost: ${HOST}\nConnection: Upgrade\nUpgrade: h2c\n\n`,
    "a fragment in the target": `GET /v1/a#b HTTP/1.1\nHost: ${HOST}\n\n`,
    "a backslash in the target": `GET /v1\\..\\admin HTTP/1.1\nHost: ${HOST}\n\n`,
    "an overlong dot": `GET /v1/%c0%ae%c0%ae/admin HTTP/1.1\nHost: ${HOST}\n\n`,
    "a path parameter": `GET /v1/..;/admin HTTP/1.1\nHost: ${HOST}\n\n`,
    "a double escape": `GET /v1/%252e%252e/admin HTTP/1.1\nHost: ${HOST}\n\n`,
    "a star target": `OPTIONS * HTTP/1.1\nHost: ${HOST}\n\n`,
    "a head larger than the bound": `GET /v1/a HTTP/1.1\nHost: ${HOST}\nX-A: ${"a".repeat(20_000)}\n\n`,
  };
  for (const [name, head] of Object.entries(corpus)) {
    it(`refuses ${name}, writes it down and forwards nothing`, async () => {
      const { text } = await raw(head);
      expect(text).not.toContain("200 OK");
      expect(hits).toEqual([]);
      expect(world.records.length).toBeGreaterThan(0);
      expect(world.records.every((record) => record.decision === "deny")).toBe(true);
    });
  }

  it("judges each pipelined request for itself", async () => {
    const { text } = await raw(`GET /v1/a HTTP/1.1\nHost: ${HOST}\n\nDELETE /v1/a HTTP/1.1\nHost: ${HOST}\n\n`);
    expect(text).toContain("200 OK");
    expect(text).toContain("403 Forbidden");
    expect(hits).toEqual([`GET /v1/a ${HOST}`]);
  });

  it("judges the second request of a kept connection for itself", async () => {
    const door = await world.door(HOST, 443);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const options = { door, host: HOST, ca: world.ca.certificatePem, agent };
    expect((await ask({ ...options, path: "/v1/a" })).status).toBe(200);
    expect((await ask({ ...options, path: "/admin" })).status).toBe(403);
    expect((await ask({ ...options, path: "/v1/b" })).status).toBe(200);
    agent.destroy();
    expect(world.records.map((record) => record.decision).sort()).toEqual(["allow", "allow", "deny"]);
  });

  it("does not pass on what speaks of one hop only", async () => {
    const door = await world.door(HOST, 443);
    const answer = await ask({
      door,
      host: HOST,
      ca: world.ca.certificatePem,
      path: "/v1/a",
      headers: {
        connection: "close, x-secret-hop",
        "x-secret-hop": "1",
        te: "trailers",
        "proxy-authorization": "Basic eDp5",
      },
    });
    expect(answer.status).toBe(200);
  });
});

describe("names", () => {
  it("refuses a TLS server name that is not the name behind the address", async () => {
    const door = await world.door(HOST, 443);
    await expect(
      ask({ door, host: HOST, ca: world.ca.certificatePem, servername: "evil.example.com", path: "/v1/a" }),
    ).rejects.toThrow();
    expect(world.records.at(-1)).toMatchObject({ kind: "connect", decision: "deny", host: HOST });
    expect(world.records.at(-1)?.reason).toContain("evil.example.com");
  });

  it("refuses TLS without a server name", async () => {
    const door = await world.door(HOST, 443);
    const socket = tlsConnect({
      host: "127.0.0.1",
      port: door,
      ca: world.ca.certificatePem,
      servername: "",
      checkServerIdentity: () => undefined,
    });
    socket.on("error", () => {});
    await closed(socket);
    expect(world.records.at(-1)).toMatchObject({ kind: "connect", decision: "deny" });
    expect(hits).toEqual([]);
  });

  for (const [kind, address] of Object.entries({
    loopback: "127.0.0.1",
    "the metadata service": "169.254.169.254",
    "a private network": "10.1.2.3",
    "carrier-grade NAT": "100.64.0.9",
    "IPv6 loopback": "::1",
    "a mapped loopback": "::ffff:127.0.0.1",
    "NAT64 of a private address": "64:ff9b::a00:1",
    "6to4 of a private address": "2002:a00:1::1",
    "a unique local address": "fd00:ec2::254",
    multicast: "224.0.0.1",
  })) {
    it(`refuses an allowed name that leads to ${kind}`, async () => {
      inner = [address];
      const door = await world.door("inner.example.com", 443);
      const answer = await ask({ door, host: "inner.example.com", ca: world.ca.certificatePem });
      expect(answer.status).toBe(403);
      expect(world.records.at(-1)).toMatchObject({ decision: "deny", host: "inner.example.com" });
    });
  }

  it("never asks for the address of a name on behalf of a denied request", async () => {
    world.identity.current = { path: "/usr/bin/other", sha256: "c".repeat(64), pid: 1, ancestors: [] };
    let asked = 0;
    await world.close();
    world = await createWorld({
      yaml: POLICY,
      lookup: async () => {
        asked += 1;
        return ["93.184.216.34"];
      },
    });
    const door = await world.door(HOST, 443);
    expect((await ask({ door, host: HOST, ca: world.ca.certificatePem, path: "/admin" })).status).toBe(403);
    expect(asked).toBe(0);
  });

  it("answers a bare metadata address with the reason, over plain HTTP", async () => {
    const door = await world.door("169.254.169.254", 80);
    const { text } = await speak({ door }, "GET /latest/meta-data/ HTTP/1.1\r\nHost: 169.254.169.254\r\n\r\n", {
      timeoutMs: 1000,
    });
    expect(text).toContain("403 Forbidden");
    expect(text).toContain("policy_denied");
    expect(world.records).toHaveLength(1);
    expect(world.records[0]).toMatchObject({ kind: "http", decision: "deny", host: "169.254.169.254", port: 80 });
  });

  it("refuses an invented address that stands for no name", async () => {
    const door = await world.door("198.18.7.7", 443);
    await expect(ask({ door, host: HOST, ca: world.ca.certificatePem })).rejects.toThrow();
    expect(world.records[0]).toMatchObject({ kind: "connect", decision: "deny", host: "198.18.7.7" });
  });

  it("resets what speaks neither TLS nor HTTP on an inspected endpoint", async () => {
    const door = await world.door(HOST, 443);
    const { text } = await speak({ door }, "\x00\x01\x02 hello", { timeoutMs: 1000 });
    expect(text).toBe("");
    expect(world.records[0]).toMatchObject({ kind: "connect", decision: "deny" });
  });
});

describe("monitor mode", () => {
  const monitor = POLICY.replace("version: 1", "version: 1\nmode: monitor");
  it("lets through what it would deny and says so", async () => {
    world.set(monitor);
    const door = await world.door(HOST, 443);
    const answer = await ask({ door, host: HOST, ca: world.ca.certificatePem, path: "/admin" });
    expect(answer.status).toBe(200);
    expect(world.records.at(-1)?.decision).toBe("would_deny");
  });
  it("never opens private addresses", async () => {
    world.set(monitor);
    inner = ["169.254.169.254"];
    const door = await world.door("inner.example.com", 443);
    expect((await ask({ door, host: "inner.example.com", ca: world.ca.certificatePem })).status).toBe(403);
  });
});
