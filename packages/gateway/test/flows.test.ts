import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { connect as tlsConnect } from "node:tls";
import type { InferenceRequest } from "@creel/router";
import { afterEach, describe, expect, it } from "vitest";
import { ask, closed, speak } from "./support/client.ts";
import { createUpstream, createWorld, portOf, type Upstream, type World } from "./support/world.ts";

const policy = (endpoint: string, more = "") => `version: 1
network_policies:
  only:
    name: only
    endpoints:
      - ${endpoint}
    binaries:
      - path: /usr/bin/curl
${more}`;
const NOTHING = policy("{ host: nowhere.example.com, port: 443, protocol: rest, access: full }");
const REST = policy("{ host: api.example.com, port: 443, protocol: rest, access: full }");
const TCP = policy("{ host: db.example.com, port: 5432, protocol: tcp }");

let world: World;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  await world.close();
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function restWorld(handler: Parameters<typeof createUpstream>[1]): Promise<Upstream> {
  const upstream = await createUpstream("api.example.com", handler);
  cleanups.push(() => upstream.close());
  world = await createWorld({
    yaml: REST,
    resolve: { "api.example.com:443": `127.0.0.1:${upstream.port}` },
    upstreamCa: [upstream.caPem],
  });
  return upstream;
}

async function tcpServer(handler: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, handler);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => server.close());
  return server;
}

describe("a reload", () => {
  it("cuts a stream that the new policy does not allow, both ways and at once", async () => {
    let upstreamClosed = false;
    await restWorld((req, res) => {
      res.writeHead(200, { "content-type": "text/event-stream" });
      res.write("data: 1\n\n");
      req.socket.once("close", () => {
        upstreamClosed = true;
      });
    });
    const door = await world.door("api.example.com", 443);
    const socket = tlsConnect({
      host: "127.0.0.1",
      port: door,
      servername: "api.example.com",
      ca: world.ca.certificatePem,
    });
    socket.on("error", () => {});
    await once(socket, "secureConnect");
    socket.write("GET /stream HTTP/1.1\r\nHost: api.example.com\r\n\r\n");
    const [chunk] = await once(socket, "data");
    expect(String(chunk)).toContain("200 OK");
    world.set(NOTHING);
    await closed(socket);
    expect(world.records.at(-1)).toMatchObject({ decision: "allow", path: "/stream" });
    await expect.poll(() => upstreamClosed).toBe(true);
  });

  it("leaves a stream alone that stays allowed", async () => {
    const finishing: (() => void)[] = [];
    await restWorld((_req, res) => {
      res.write("a");
      finishing.push(() => void res.end("b"));
    });
    const door = await world.door("api.example.com", 443);
    const answer = ask({ door, host: "api.example.com", ca: world.ca.certificatePem });
    await expect.poll(() => finishing).toHaveLength(1);
    world.set(REST);
    for (const finish of finishing) finish();
    expect((await answer).body).toBe("ab");
  });

  it("cuts a raw relay", async () => {
    const server = await tcpServer((socket) => void socket.on("error", () => {}).write("hello"));
    world = await createWorld({ yaml: TCP, resolve: { "db.example.com:5432": `127.0.0.1:${portOf(server)}` } });
    const socket = connect(await world.door("db.example.com", 5432), "127.0.0.1");
    socket.on("error", () => {});
    await once(socket, "data");
    world.set(NOTHING);
    await closed(socket);
    expect(world.records[0]).toMatchObject({ kind: "connect", decision: "allow", bytesIn: 5 });
  });
});

describe("a raw relay", () => {
  it("lets the server speak first, passes half-closes on, and counts", async () => {
    const server = await tcpServer((socket) => {
      let heard = "";
      socket.on("error", () => {});
      socket.write("220 hello\n");
      socket.on("data", (chunk) => {
        heard += String(chunk);
      });
      socket.on("end", () => socket.end(`heard ${heard}`));
    });
    world = await createWorld({ yaml: TCP, resolve: { "db.example.com:5432": `127.0.0.1:${portOf(server)}` } });
    const socket = connect({ port: await world.door("db.example.com", 5432), host: "127.0.0.1", allowHalfOpen: true });
    let text = "";
    socket.on("data", (chunk) => {
      text += String(chunk);
    });
    await once(socket, "data");
    socket.end("query");
    await once(socket, "end");
    expect(text).toBe("220 hello\nheard query");
    await expect.poll(() => world.records.length).toBe(1);
    expect(world.records[0]).toMatchObject({
      kind: "connect",
      decision: "allow",
      bytesOut: 5,
      bytesIn: 21,
      rule: "only",
    });
  });

  it("brings every byte in its order to a client that reads slowly, or at a bounded rate", async () => {
    const sent = randomBytes(6 * 1024 * 1024);
    const server = await tcpServer((socket) => {
      socket.on("error", () => {});
      socket.resume();
      // Pieces of odd sizes: a reused buffer is filled in part, whole, and again.
      for (let from = 0, size = 1; from < sent.length; from += size, size = (size * 7 + 13) % 300_000)
        socket.write(sent.subarray(from, from + size));
      socket.end();
    });
    const resolve = { "db.example.com:5432": `127.0.0.1:${portOf(server)}` };
    for (const more of ["", "sandbox: { limits: { bytes_per_second: 4194304 } }\n"]) {
      world = await createWorld({ yaml: TCP + more, resolve });
      cleanups.push(world.close);
      const socket = connect({ port: await world.door("db.example.com", 5432), host: "127.0.0.1" });
      const got: Buffer[] = [];
      for await (const chunk of socket) {
        got.push(chunk);
        await setImmediate();
      }
      expect(Buffer.concat(got).equals(sent)).toBe(true);
      await expect.poll(() => world.records[0]?.bytesIn).toBe(sent.length);
    }
  });

  it("is cut when the client asks TLS for another name", async () => {
    let bytes = 0;
    const server = await tcpServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
    });
    world = await createWorld({ yaml: TCP, resolve: { "db.example.com:5432": `127.0.0.1:${portOf(server)}` } });
    const socket = tlsConnect({
      host: "127.0.0.1",
      port: await world.door("db.example.com", 5432),
      servername: "evil.example.com",
    });
    socket.on("error", () => {});
    await closed(socket);
    expect(bytes).toBe(0);
    await expect.poll(() => world.records.some((record) => record.reason.includes("evil.example.com"))).toBe(true);
  });

  it("never reaches a private address", async () => {
    world = await createWorld({ yaml: TCP, lookup: async () => ["127.0.0.1"] });
    const { text } = await speak({ door: await world.door("db.example.com", 5432) }, "x", { timeoutMs: 1500 });
    expect(text).toBe("");
    expect(world.records[0]).toMatchObject({ kind: "connect", decision: "deny" });
  });
});

describe("the model host", () => {
  const asked: InferenceRequest[] = [];
  const router = {
    async handle(request: InferenceRequest) {
      asked.push(request);
      async function* body() {
        yield Buffer.from("data: a\n\n");
        yield Buffer.from("data: b\n\n");
      }
      return {
        status: 200,
        headers: { "content-type": "text/event-stream" },
        body: body(),
        info: { protocol: "openai-chat" as const, model: "m" },
      };
    },
  };

  it("is answered in this process, streamed, and written down with its model", async () => {
    world = await createWorld({ yaml: NOTHING, router });
    const door = await world.door("inference.local", 443);
    const answer = await ask({
      door,
      host: "inference.local",
      ca: world.ca.certificatePem,
      method: "POST",
      path: "/v1/chat/completions",
      headers: { "content-type": "application/json", authorization: "Bearer placeholder" },
      body: JSON.stringify({ model: "creel-scripted-demo", messages: [] }),
    });
    expect(answer.body).toBe("data: a\n\ndata: b\n\n");
    expect(asked.at(-1)?.path).toBe("/v1/chat/completions");
    expect(world.records[0]).toMatchObject({
      kind: "inference",
      decision: "allow",
      method: "POST",
      path: "/v1/chat/completions",
      bytesIn: 18,
    });
    expect(world.records[0]?.reason).toContain("creel-scripted-demo");
  });

  it("is closed where the policy closes it", async () => {
    world = await createWorld({
      yaml: policy(
        "{ host: a.example.com, port: 443, protocol: rest, access: full }",
        'inference:\n  models: ["only-this"]\n',
      ),
      router,
    });
    const door = await world.door("inference.local", 443);
    const answer = await ask({
      door,
      host: "inference.local",
      ca: world.ca.certificatePem,
      method: "POST",
      path: "/v1/chat/completions",
      body: JSON.stringify({ model: "another" }),
    });
    expect(answer.status).toBe(403);
    expect(world.records[0]).toMatchObject({ kind: "inference", decision: "deny" });
  });

  it("tells a sandbox which policy is in force, at creel.local", async () => {
    world = await createWorld({ yaml: NOTHING });
    const answer = await ask({
      door: await world.door("creel.local", 443),
      host: "creel.local",
      ca: world.ca.certificatePem,
    });
    expect(answer.json).toMatchObject({ sandbox: "box", generation: 1 });
  });
});

describe("a journal that cannot be written", () => {
  it("stops everything and says so", async () => {
    const upstream = await createUpstream("api.example.com", (_req, res) => res.end("leaked"));
    cleanups.push(() => upstream.close());
    const problems: string[] = [];
    world = await createWorld({
      yaml: REST,
      resolve: { "api.example.com:443": `127.0.0.1:${upstream.port}` },
      upstreamCa: [upstream.caPem],
      onProblem: (problem) => void problems.push(problem),
      journal: {
        boot: "x",
        append: () => Promise.reject(new Error("No space left.")),
        end: () => {},
        close: async () => {},
      },
    });
    const answer = await ask({
      door: await world.door("api.example.com", 443),
      host: "api.example.com",
      ca: world.ca.certificatePem,
    });
    expect(answer.status).toBe(403);
    expect(answer.json.reason).toBe("No space left.");
    expect(problems).toContain("No space left.");
  });
});

describe("an entry's limits", () => {
  it("end after so many requests of a period, and begin anew", async () => {
    const upstream = await createUpstream("api.example.com", (_req, res) => res.end("12345"));
    cleanups.push(() => upstream.close());
    let now = Math.floor(Date.now() / 60_000) * 60_000;
    world = await createWorld({
      yaml: policy(
        "{ host: api.example.com, port: 443, protocol: rest, access: full }",
        "    limits: { requests: 2, per: minute }\n",
      ),
      resolve: { "api.example.com:443": `127.0.0.1:${upstream.port}` },
      upstreamCa: [upstream.caPem],
      now: () => now,
    });
    const door = await world.door("api.example.com", 443);
    const one = async () => (await ask({ door, host: "api.example.com", ca: world.ca.certificatePem })).status;
    expect([await one(), await one(), await one()]).toEqual([200, 200, 429]);
    now += 60_000;
    expect(await one()).toBe(200);
  });

  it("end after so many bytes of a period", async () => {
    const upstream = await createUpstream("api.example.com", (_req, res) => res.end("12345"));
    cleanups.push(() => upstream.close());
    world = await createWorld({
      yaml: policy(
        "{ host: api.example.com, port: 443, protocol: rest, access: full }",
        "    limits: { bytes: 8, per: day }\n",
      ),
      resolve: { "api.example.com:443": `127.0.0.1:${upstream.port}` },
      upstreamCa: [upstream.caPem],
    });
    const door = await world.door("api.example.com", 443);
    const one = async () => (await ask({ door, host: "api.example.com", ca: world.ca.certificatePem })).status;
    expect([await one(), await one(), await one()]).toEqual([200, 200, 429]);
  });
});
