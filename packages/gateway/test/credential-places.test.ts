import { once } from "node:events";
import { createServer, type Server } from "node:net";
import * as zlib from "node:zlib";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CredentialSource, fixedSource } from "../src/index.ts";
import { REWRITTEN_BODY_BYTES_MAX } from "../src/limits.ts";
import { type Ask, ask, speak } from "./support/client.ts";
import { createUpstream, createWorld, portOf, type Upstream, type World } from "./support/world.ts";

const HOST = "api.example.com";
const SECRET = 'sk-live"0123456789/abc+def&x';
const PLACEHOLDER = "creel-placeholder-TOKEN-0123456789";
const policy = (endpoint: string, credentials: string) => `version: 1
network_policies:
  api:
    name: api
    endpoints:
      - { host: ${HOST}, port: 443, ${endpoint} }
      - { host: ${HOST}, port: 80, protocol: rest, access: full }
    binaries:
      - path: /usr/bin/curl
${credentials}`;
const BOUND = `credentials:
  TOKEN:
    endpoints:
      - { host: "*.example.com", ports: [80, 443], path: /v1/** }
`;
const REST = "protocol: rest, access: full";
const BODIES = `${REST}, request_body_credential_rewrite: true`;

let world: World;
let upstream: Upstream;
let heard: { url: string; headers: NodeJS.Dict<string | string[]>; body: string }[];
/** What the upstream answers with; the request's body when null. */
let answer: { headers: Record<string, string>; body: Buffer } | null;
let values: string[];
const rotating: CredentialSource = { current: async () => values[0] ?? "", values: () => values };

beforeEach(async () => {
  heard = [];
  answer = null;
  values = [SECRET];
  upstream = await createUpstream(HOST, async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    heard.push({ url: req.url ?? "", headers: req.headers, body: Buffer.concat(chunks).toString("utf8") });
    for (const [name, value] of Object.entries(answer?.headers ?? {})) res.setHeader(name, value);
    res.end(answer?.body ?? Buffer.concat(chunks));
  });
});
afterEach(async () => {
  await world.close();
  await upstream.close();
});

async function start(endpoint: string, credentials = BOUND, source = fixedSource(SECRET)) {
  world = await createWorld({
    yaml: policy(endpoint, credentials),
    resolve: { [`${HOST}:443`]: `127.0.0.1:${upstream.port}`, [`${HOST}:80`]: `127.0.0.1:${upstream.port}` },
    upstreamCa: [upstream.caPem],
    credentials: [{ name: "TOKEN", placeholder: PLACEHOLDER, source }],
  });
}
const call = async (path: string, more: Partial<Ask> = {}) =>
  ask({ door: await world.door(HOST, 443), host: HOST, ca: world.ca.certificatePem, path, ...more });
const post = (type: string, body: string, more: Record<string, string> = {}, path = "/v1/x") =>
  call(path, {
    method: "POST",
    body,
    headers: { "content-type": type, "content-length": String(Buffer.byteLength(body)), ...more },
  });

/** One frame of RFC 8878 with one raw block: Node packs it only where it also unpacks it. */
function asZstd(text: string): Buffer {
  const content = Buffer.from(text);
  const block = Buffer.alloc(3);
  // Last block, kind raw, its size (3.1.1.2).
  block.writeUIntLE(1 | (content.length << 3), 0, 3);
  // Magic number, one segment with its size in one byte (3.1.1.1).
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x20, content.length]), block, content]);
}

describe("a credential in the target", () => {
  it("is written as its place needs it, also where its letters are escaped, and never into the record", async () => {
    await start(REST);
    const escaped = PLACEHOLDER.replace("c", "%63").replaceAll("-", "%2d");
    await call(`/v1/bot${PLACEHOLDER}/send?a=1&key=${escaped}&b`);
    const written = encodeURIComponent(SECRET);
    expect(heard[0]?.url).toBe(`/v1/bot${written}/send?a=1&key=${written}&b`);
    expect(world.records[0]).toMatchObject({ decision: "allow" });
    expect(JSON.stringify(world.records)).not.toContain("sk-live");
  });

  it.each(["..", "."])("is not put in where it would change the path (%s)", async (value) => {
    await start(REST, BOUND, fixedSource(value));
    expect((await call(`/v1/${PLACEHOLDER}/x`)).status).toBe(502);
    expect(heard).toEqual([]);
  });
});

describe("a credential in a body", () => {
  it.each([
    ["JSON", "application/json", `{"k":"${PLACEHOLDER}"}`, JSON.stringify({ k: SECRET })],
    [
      "a form",
      "application/x-www-form-urlencoded",
      `a=b&k=${PLACEHOLDER.replaceAll("-", "%2D")}`,
      `a=b&k=${encodeURIComponent(SECRET)}`,
    ],
    ["text", "text/plain; charset=utf-8", `é ${PLACEHOLDER}`, `é ${SECRET}`],
  ])("is put in where the endpoint says so: %s", async (_name, type, body, expected) => {
    await start(BODIES);
    const reply = await post(type, body);
    expect(heard[0]?.body).toBe(expected);
    expect(heard[0]?.headers["content-length"]).toBe(String(Buffer.byteLength(expected)));
    // The upstream echoed it.
    expect(reply.body).not.toContain("0123456789/abc");
  });

  it("is not searched for where the endpoint does not say so", async () => {
    await start(REST);
    await post("application/json", `{"k":"${PLACEHOLDER}"}`);
    expect(heard[0]?.body).toContain(PLACEHOLDER);
  });

  it.each([
    ["a compressed body", "application/json", { "content-encoding": "gzip" }],
    ["a type that is not text", "application/octet-stream", {}],
  ])("stays a placeholder in %s", async (_name, type, headers) => {
    await start(BODIES);
    await post(type, PLACEHOLDER, headers);
    expect(heard[0]?.body).toBe(PLACEHOLDER);
  });

  it("that is not bound there is refused before a byte leaves", async () => {
    await start(BODIES);
    const refused = await post("application/json", `{"k":"${PLACEHOLDER}"}`, {}, "/v2/x");
    expect(refused).toMatchObject({ status: 403, json: { rule: "credentials" } });
    expect(heard).toEqual([]);
  });

  it("is looked for in bodies up to the bound, and larger ones are refused", async () => {
    await start(BODIES);
    const fits = "x".repeat(REWRITTEN_BODY_BYTES_MAX);
    expect((await post("text/plain", fits)).status).toBe(200);
    expect(await post("text/plain", `${fits}y`)).toMatchObject({ status: 403, json: { rule: "credentials" } });
    expect(heard).toHaveLength(1);
  });

  it("cannot end the head of a part of a multipart body", async () => {
    await start(BODIES, BOUND, fixedSource("a\r\nX: 1"));
    expect((await post("multipart/form-data; boundary=b", `--b\r\nx: ${PLACEHOLDER}\r\n\r\n--b--`)).status).toBe(502);
    expect(heard).toEqual([]);
  });
});

describe("a credential", () => {
  it("is bound to the place and program of an entry by `credential_binding`", async () => {
    await start(`${REST}, path: /only/**, credential_binding: { provider: TOKEN }`, "");
    expect((await call("/only/x", { headers: { authorization: PLACEHOLDER } })).status).toBe(200);
    expect(heard[0]?.headers.authorization).toBe(SECRET);
    expect((await call("/other", { headers: { authorization: PLACEHOLDER } })).status).toBe(403);
  });

  it("never leaves over plain HTTP, although the policy binds it there", async () => {
    await start(REST);
    const door = await world.door(HOST, 80);
    const { text } = await speak(
      { door },
      `GET /v1/x HTTP/1.1\r\nHost: ${HOST}\r\nX-Key: ${PLACEHOLDER}\r\nConnection: close\r\n\r\n`,
    );
    expect(text).toContain("403 Forbidden");
    expect(text).toContain("over TLS only");
    expect(heard).toEqual([]);
  });

  it("that a reload unbinds is refused in the next request, and still taken out of answers", async () => {
    await start(REST);
    await call("/v1/x", { headers: { "x-key": PLACEHOLDER } });
    world.set(policy(REST, ""));
    expect((await call("/v1/x", { headers: { "x-key": PLACEHOLDER } })).status).toBe(403);
    answer = { headers: {}, body: Buffer.from(`kept: ${SECRET}`) };
    expect((await call("/v1/x")).body).toBe(`kept: ${PLACEHOLDER}`);
  });

  it("that was renewed is used in the next request, and the old value is searched for as well", async () => {
    await start(REST, BOUND, rotating);
    await call("/v1/x", { headers: { "x-key": PLACEHOLDER } });
    values = ["second-value-987", SECRET];
    answer = { headers: { "x-old": SECRET }, body: Buffer.from(`second-value-987 ${SECRET}`) };
    const reply = await call("/v1/x", { headers: { "x-key": PLACEHOLDER } });
    expect(heard[1]?.headers["x-key"]).toBe("second-value-987");
    expect(reply.body).toBe(`${PLACEHOLDER} ${PLACEHOLDER}`);
    expect(reply.headers["x-old"]).toBe(PLACEHOLDER);
  });

  it.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
  ])("is found in an answer that came as %s against our asking", async (encoding, pack) => {
    await start(REST);
    answer = { headers: { "content-encoding": encoding }, body: pack(Buffer.from(`a ${SECRET} b`)) };
    const reply = await call("/v1/x", { headers: { "accept-encoding": encoding } });
    expect(heard[0]?.headers["accept-encoding"]).toBe("identity");
    expect(reply.body).toBe(`a ${PLACEHOLDER} b`);
    expect(reply.headers["content-encoding"]).toBeUndefined();
  });

  it("is found in an answer that came as zstd where this Node inflates that, and elsewhere the answer is not shown", async () => {
    await start(REST);
    answer = { headers: { "content-encoding": "zstd" }, body: asZstd(`a ${SECRET} b`) };
    const reply = await call("/v1/x", { headers: { "accept-encoding": "zstd" } });
    expect(heard[0]?.headers["accept-encoding"]).toBe("identity");
    if (typeof Reflect.get(zlib, "createZstdDecompress") === "function") {
      expect(reply.body).toBe(`a ${PLACEHOLDER} b`);
      expect(reply.headers["content-encoding"]).toBeUndefined();
    } else expect([reply.status, JSON.parse(reply.body).error]).toEqual([502, "upstream_encoded"]);
    expect(reply.body).not.toContain(SECRET);
  });

  it("in an answer that ends in the middle of its compression is cut, not shown", async () => {
    await start(REST);
    const packed = gzipSync(Buffer.from(`a ${SECRET} b`.repeat(1000)));
    answer = { headers: { "content-encoding": "gzip" }, body: packed.subarray(0, packed.length - 12) };
    await expect(call("/v1/x")).rejects.toThrow();
  });

  it("is taken out of where a redirect leads, and the next request is judged by itself", async () => {
    await start(REST);
    answer = { headers: { location: `https://evil.example/?k=${encodeURIComponent(SECRET)}` }, body: Buffer.alloc(0) };
    const reply = await call("/v1/x", { headers: { "x-key": PLACEHOLDER } });
    expect(reply.headers.location).toBe(`https://evil.example/?k=${PLACEHOLDER}`);
  });

  it("that cannot be had refuses the request and says why, without a value", async () => {
    const failing: CredentialSource = {
      current: () => rotating.current().then(() => Promise.reject(new Error(`leak ${SECRET}`))),
      values: () => [SECRET],
    };
    await start(REST, BOUND, failing);
    const reply = await call("/v1/x", { headers: { "x-key": PLACEHOLDER } });
    expect(reply).toMatchObject({ status: 502, json: { error: "credential_unavailable" } });
    expect(heard).toEqual([]);
    expect(reply.body + JSON.stringify(world.records)).not.toContain("sk-live");
  });
});

describe("a connection that nobody reads", () => {
  let server: Server;
  const raw = async (allowed: boolean) => {
    server = createServer((socket) => socket.end("hello"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const flag = allowed ? ", allow_uninspected_credentials: true" : "";
    world = await createWorld({
      yaml: policy(`tls: skip${flag}`, BOUND),
      resolve: { [`${HOST}:443`]: `127.0.0.1:${portOf(server)}` },
      credentials: [{ name: "TOKEN", placeholder: PLACEHOLDER, source: fixedSource(SECRET) }],
    });
    const reply = await speak({ door: await world.door(HOST, 443) }, `x ${PLACEHOLDER}\n`, { endAfter: true });
    server.close();
    return reply.text;
  };

  it("is refused where a credential is bound", async () => {
    expect(await raw(false)).toBe("");
    expect(world.records[0]).toMatchObject({ decision: "deny", rule: "credentials" });
  });

  it("passes where the endpoint says that it is meant", async () => {
    expect(await raw(true)).toBe("hello");
  });
});
