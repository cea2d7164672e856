import { once } from "node:events";
import type { ClientHttp2Session } from "node:http2";
import { afterEach, describe, expect, it } from "vitest";
import { closed } from "./support/client.ts";
import {
  answerOf,
  ask2,
  createHttp2Upstream,
  type Http2Upstream,
  http2Through,
  tlsThrough,
} from "./support/http2Client.ts";
import { createUpstream, createWorld, type World } from "./support/world.ts";

const HOST = "api.example.com";
const policy = (rules: string, more = "") => `version: 1
network_policies:
  api:
    endpoints:
      - host: ${HOST}
        port: 443
        protocol: rest
        ${rules}
    binaries:
      - path: /usr/bin/curl
${more}`;
const V1 = policy('rules: [{ allow: { method: "*", path: "/v1/**" } }]');
const FULL = policy("access: full");

let world: World;
let session: ClientHttp2Session | null = null;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  session?.destroy();
  session = null;
  await world.close();
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function worldBefore(port: number, caPem: string, yaml: string, extra = {}): Promise<ClientHttp2Session> {
  world = await createWorld({ yaml, resolve: { [`${HOST}:443`]: `127.0.0.1:${port}` }, upstreamCa: [caPem], ...extra });
  session = await http2Through(await world.door(HOST, 443), { host: HOST, ca: world.ca.certificatePem });
  return session;
}

async function http2World(
  handler: Parameters<typeof createHttp2Upstream>[1],
  { yaml = V1, ...extra }: { yaml?: string } & Record<string, unknown> = {},
): Promise<{ client: ClientHttp2Session; upstream: Http2Upstream }> {
  const upstream = await createHttp2Upstream(HOST, handler);
  cleanups.push(() => upstream.close());
  return { client: await worldBefore(upstream.port, upstream.caPem, yaml, extra), upstream };
}

const echo: Parameters<typeof createHttp2Upstream>[1] = (server) =>
  server.on("stream", async (stream, headers) => {
    stream.on("error", () => {});
    let bytes = 0;
    for await (const chunk of stream) bytes += chunk.length;
    stream.respond({ ":status": 200, "x-path": headers[":path"], "x-authority": headers[":authority"] });
    stream.end(`got ${bytes}`);
  });

describe("a connection of HTTP/2", () => {
  it("carries many requests, each judged and written down on its own", async () => {
    const { client, upstream } = await http2World(echo);
    const paths = ["/v1/a", "/v2/a", "/v1/b", "/v1/../v2", "/v1/c"];
    const answers = await Promise.all(paths.map((path) => ask2(client, { ":path": path })));
    expect(answers.map(({ status }) => status)).toEqual([200, 403, 200, 403, 200]);
    expect(answers[1]?.json).toMatchObject({ error: "policy_denied", rule: "api", path: "/v2/a" });
    expect(answers[1]?.headers["x-creel-decision"]).toBe("deny");
    expect(answers[0]?.headers["x-authority"]).toBe(HOST);
    await expect.poll(() => world.records.length).toBe(5);
    expect(world.records.filter(({ decision }) => decision === "allow").map(({ path }) => path)).toEqual(
      expect.arrayContaining(["/v1/a", "/v1/b", "/v1/c"]),
    );
    expect(upstream.sessions.size).toBe(1);
  });

  it("counts what it carried", async () => {
    const { client } = await http2World(echo);
    const answer = await ask2(client, { ":path": "/v1/put", ":method": "PUT" }, "z".repeat(300_000));
    expect(answer.body).toBe("got 300000");
    await expect.poll(() => world.records.length).toBe(1);
    expect(world.records[0]).toMatchObject({ decision: "allow", method: "PUT", bytesOut: 300_000, bytesIn: 10 });
  });

  it("leaves a client its HTTP/1.1 that offers nothing else", async () => {
    await http2World(echo);
    const door = await world.door(HOST, 443);
    const socket = await tlsThrough(door, { host: HOST, ca: world.ca.certificatePem, alpn: ["http/1.1"] });
    expect(socket.alpnProtocol).toBe("http/1.1");
    socket.destroy();
    await closed(socket);
  });

  it("is translated for a server that speaks HTTP/1.1 only", async () => {
    const seen: string[][] = [];
    const upstream = await createUpstream(HOST, async (req, res) => {
      let bytes = 0;
      for await (const chunk of req) bytes += chunk.length;
      seen.push(req.rawHeaders);
      res.setHeader("Set-Cookie", ["a=1", "b=2"]);
      res.setHeader("Connection", "close, X-Hop");
      res.setHeader("X-Hop", "1");
      res.end(`one ${req.method} ${req.url} ${bytes}`);
    });
    cleanups.push(() => upstream.close());
    const client = await worldBefore(upstream.port, upstream.caPem, V1);
    const first = await ask2(client, { ":path": "/v1/x?y=1", cookie: ["c=1", "d=2"], "x-two": ["1", "2"] });
    expect(first).toMatchObject({ status: 200, body: "one GET /v1/x?y=1 0" });
    expect(first.headers["set-cookie"]).toEqual(["a=1", "b=2"]);
    expect(first.headers["x-hop"]).toBeUndefined();
    expect(seen[0]).toEqual(expect.arrayContaining(["Host", HOST, "cookie", "c=1; d=2", "x-two", "1, 2"]));
    const second = await ask2(client, { ":path": "/v1/up", ":method": "POST" }, "abc");
    expect(second.body).toBe("one POST /v1/up 3");
    expect(seen[1]).toEqual(expect.arrayContaining(["Transfer-Encoding", "chunked"]));
    const third = await ask2(client, { ":path": "/v1/up", ":method": "POST", "content-length": 3 }, "abc");
    expect(third.body).toBe("one POST /v1/up 3");
    expect(seen[2]).toEqual(expect.arrayContaining(["Content-Length", "3"]));
  });

  it("passes trailers both ways", async () => {
    let got = {};
    const { client } = await http2World((server) =>
      server.on("stream", (stream) => {
        stream.on("trailers", (headers) => {
          got = { ...headers };
        });
        stream.resume();
        stream.once("end", () => {
          stream.respond({ ":status": 200 }, { waitForTrailers: true });
          stream.once("wantTrailers", () => stream.sendTrailers({ "x-sum": "42" }));
          stream.end("body");
        });
      }),
    );
    const stream = client.request({ ":path": "/v1/t", ":method": "POST" }, { waitForTrailers: true });
    stream.once("wantTrailers", () => stream.sendTrailers({ "x-digest": "abc" }));
    stream.end("up");
    const answer = await answerOf(stream);
    expect(answer).toMatchObject({ body: "body", trailers: { "x-sum": "42" } });
    expect(got).toMatchObject({ "x-digest": "abc" });
  });

  it("streams both ways at once, holding nothing back", async () => {
    const { client } = await http2World((server) =>
      server.on("stream", (stream) => {
        stream.respond({ ":status": 200 });
        stream.on("data", (chunk) => stream.write(chunk));
        stream.once("end", () => stream.end());
      }),
    );
    const stream = client.request({ ":path": "/v1/duplex", ":method": "POST" });
    await once(stream, "response");
    for (const word of ["one", "two", "three"]) {
      stream.write(word);
      const [heard] = await once(stream, "data");
      expect(String(heard)).toBe(word);
    }
    stream.end();
    await once(stream, "end");
  });
});

describe("a reload", () => {
  it("cuts the streams that the new policy denies and leaves the others of the connection", async () => {
    const { client } = await http2World(
      (server) =>
        server.on("stream", (stream) => {
          stream.on("error", () => {});
          stream.respond({ ":status": 200 });
          stream.on("data", (chunk) => stream.write(chunk));
          stream.once("end", () => stream.end());
        }),
      { yaml: FULL },
    );
    const open = async (path: string) => {
      const stream = client.request({ ":path": path, ":method": "POST" });
      stream.on("error", () => {});
      await once(stream, "response");
      return stream;
    };
    const [kept, lost] = [await open("/v1/kept"), await open("/v2/lost")];
    const gone = once(lost, "close");
    world.set(V1);
    await gone;
    expect(lost.rstCode).toBe(8);
    kept.write("still here");
    const [heard] = await once(kept, "data");
    expect(String(heard)).toBe("still here");
    kept.end();
    kept.resume();
    await once(kept, "close");
    expect(kept.rstCode).toBe(0);
    await expect.poll(() => world.records.map(({ path }) => path).sort()).toEqual(["/v1/kept", "/v2/lost"]);
  });
});

describe("a connection that the client is done with", () => {
  const one = `${FULL}sandbox:\n  limits: { connections: 1 }\n`;
  const place = () => ({ host: HOST, ca: world.ca.certificatePem });
  const next = async () => {
    session = await http2Through(await world.door(HOST, 443), place());
    return (await ask2(session, { ":path": "/b" })).status;
  };
  it("is given back when it ends its session", async () => {
    const { client } = await http2World(echo, { yaml: one });
    expect((await ask2(client, { ":path": "/a" })).status).toBe(200);
    client.close();
    await once(client, "close");
    expect(await next()).toBe(200);
  });
  it("is given back when it ends its side of the socket alone, as curl does", async () => {
    const { client } = await http2World(echo, { yaml: one });
    client.close();
    await once(client, "close");
    // By hand: what a session of Node's does besides would hide it.
    const socket = await tlsThrough(await world.door(HOST, 443), place());
    socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", "latin1");
    await once(socket, "data");
    socket.end();
    await closed(socket);
    expect(await next()).toBe(200);
  });
});
