import { request as httpsRequest } from "node:https";
import { connect as tlsConnect } from "node:tls";
import { gzipSync } from "node:zlib";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { buildSchema, graphql } from "graphql";
import { Agent } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createUpstream, createWorld, type Upstream, type World } from "./support/world.ts";

/** Bodies that are judged, between the protocols' own clients and servers: what the server runs is what the policy read. */
const HOST = "tools.example.com";
const POLICY = `version: 1
network_policies:
  tools:
    name: tools
    endpoints:
      - host: ${HOST}
        port: 443
        path: /mcp
        protocol: mcp
        rules:
          - allow: { method: initialize }
          - allow: { method: notifications/initialized }
          - allow: { method: tools/list }
          - allow: { method: tools/call, tool: read, params: { arguments: { path: "/docs/**" } } }
      - { host: ${HOST}, port: 443, path: /graphql, protocol: graphql, rules: [{ allow: { operation_type: query, fields: ["viewer"] } }] }
      - { host: ${HOST}, port: 443, path: /rpc, protocol: json-rpc, rules: [{ allow: { method: getA } }] }
    binaries:
      - path: /usr/bin/curl
`;

let world: World;
let upstream: Upstream;
/** What the servers ran. */
let ran: string[];
let sessionsSeen: Set<string>;
let door: number;

beforeEach(async () => {
  ran = [];
  sessionsSeen = new Set();
  const transports = new Map<string, StreamableHTTPServerTransport>();
  const schema = buildSchema("type Query { viewer: String secret: String } type Mutation { wipe: String }");
  const said = (name: string) => () => {
    ran.push(name);
    return name;
  };
  upstream = await createUpstream(HOST, async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString("utf8");
    if (req.url === "/graphql") {
      const source: string = JSON.parse(body).query;
      const result = await graphql({
        schema,
        source,
        rootValue: { viewer: said("viewer"), secret: said("secret"), wipe: said("wipe") },
      });
      return void res.setHeader("content-type", "application/json").end(JSON.stringify(result));
    }
    if (req.url === "/rpc") {
      for (const call of [JSON.parse(body)].flat()) ran.push(call.method);
      return void res.end("[]");
    }
    const id = String(req.headers["mcp-session-id"] ?? "");
    if (id !== "") sessionsSeen.add(id);
    let transport = transports.get(id);
    if (transport === undefined) {
      const made = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => `session-${transports.size + 1}`,
        onsessioninitialized: (session) => void transports.set(session, made),
      });
      transport = made;
      const server = new McpServer({ name: "files", version: "1.0.0" });
      for (const tool of ["read", "write"])
        server.registerTool(tool, { description: tool, inputSchema: { path: z.string() } }, async ({ path }) => {
          ran.push(`${tool} ${path}`);
          return { content: [{ type: "text", text: `${tool}: ${path}` }] };
        });
      await server.connect(made);
    }
    await transport.handleRequest(req, res, body === "" ? undefined : JSON.parse(body));
  });
  world = await createWorld({
    yaml: POLICY,
    resolve: { [`${HOST}:443`]: `127.0.0.1:${upstream.port}` },
    upstreamCa: [upstream.caPem],
  });
  door = await world.door(HOST, 443);
});
afterEach(async () => {
  await world.close();
  await upstream.close();
});

async function post(
  path: string,
  body: string | Buffer,
  headers: Record<string, string | string[]> = { "content-type": "application/json" },
) {
  const req = httpsRequest({
    host: "127.0.0.1",
    port: door,
    servername: HOST,
    ca: world.ca.certificatePem,
    method: "POST",
    path,
    agent: false,
    headers: { host: HOST, ...headers },
  });
  return new Promise<{ status: number; body: string }>((resolve, reject) => {
    req.once("error", reject);
    req.once("response", (res) => {
      const chunks: Buffer[] = [];
      res.on("data", (chunk: Buffer) => chunks.push(chunk));
      res.once("end", () => resolve({ status: res.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") }));
    });
    if (headers.expect === undefined) req.end(body);
    else req.once("continue", () => req.end(body));
    if (headers.expect !== undefined) req.flushHeaders();
  });
}

describe("an MCP server", () => {
  it("is spoken to by its own client: allowed tools run, others are refused in words the model can read", async () => {
    const dispatcher = new Agent({
      connect: (_options, done) => {
        const socket = tlsConnect({ host: "127.0.0.1", port: door, servername: HOST, ca: world.ca.certificatePem });
        socket.once("secureConnect", () => done(null, socket)).once("error", (error) => done(error, null));
      },
    });
    const through = (url: string | URL, init?: RequestInit): Promise<Response> =>
      fetch(url, withDispatcher(init, dispatcher));
    const client = new Client({ name: "agent", version: "1.0.0" });
    await client.connect(new StreamableHTTPClientTransport(new URL(`https://${HOST}/mcp`), { fetch: through }));
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(["read", "write"]);
    const answer = await client.callTool({ name: "read", arguments: { path: "/docs/a" } });
    expect(JSON.stringify(answer.content)).toContain("read: /docs/a");
    const wrongTool = client.callTool({ name: "write", arguments: { path: "/docs/a" } });
    await expect(wrongTool).rejects.toThrow(/policy_denied.*does not allow/s);
    const wrongArgument = client.callTool({ name: "read", arguments: { path: "/docs/../etc/shadow" } });
    await expect(wrongArgument).rejects.toThrow(/policy_denied/);
    expect(ran).toEqual(["read /docs/a"]);
    expect([...sessionsSeen]).toEqual(["session-1"]);
    await client.close();
    await dispatcher.close();
  });
});

/** Node's fetch takes a dispatcher that its types do not know. */
const withDispatcher = (init: RequestInit | undefined, dispatcher: Agent): RequestInit =>
  Object.assign({}, init, { dispatcher });

const call = (name: string, path = "/docs/a") =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name, arguments: { path } } });

describe("a body that could be read in two ways", () => {
  const rpc = (method: string) => JSON.stringify({ jsonrpc: "2.0", id: 1, method });
  const JSON_TYPE = { "content-type": "application/json" };
  const CASES: Record<string, [string, string | Buffer, Record<string, string | string[]>]> = {
    "a batch with one denied call": ["/rpc", `[${rpc("getA")},${rpc("drop")}]`, JSON_TYPE],
    "a method that stands twice": ["/rpc", '{"jsonrpc":"2.0","id":1,"method":"getA","method":"drop"}', JSON_TYPE],
    "a method in another case beside it": [
      "/rpc",
      '{"jsonrpc":"2.0","id":1,"method":"getA","Method":"drop"}',
      JSON_TYPE,
    ],
    "a method that stands twice, once escaped": [
      "/rpc",
      '{"jsonrpc":"2.0","id":1,"method":"getA","m\\u0065thod":"drop"}',
      JSON_TYPE,
    ],
    "another JSON behind the first": ["/rpc", `${rpc("getA")}${rpc("drop")}`, JSON_TYPE],
    gzip: ["/rpc", gzipSync(rpc("getA")), { ...JSON_TYPE, "content-encoding": "gzip" }],
    "a form": ["/rpc", rpc("getA"), { "content-type": "application/x-www-form-urlencoded" }],
    "two content types": [
      "/rpc",
      rpc("getA"),
      { "content-type": ["application/json; a=b", "application/x-www-form-urlencoded"] },
    ],
    "a content type that CGI takes for the real one": [
      "/rpc",
      rpc("getA"),
      { ...JSON_TYPE, content_type: "text/plain" },
    ],
    "UTF-16": ["/rpc", Buffer.from(rpc("getA"), "utf16le"), { "content-type": "application/json; charset=utf-16le" }],
    "UTF-7 by name": ["/rpc", rpc("getA"), { "content-type": "application/json; charset=utf-7" }],
    "a byte order mark of UTF-16": [
      "/rpc",
      Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(rpc("getA"), "utf16le")]),
      JSON_TYPE,
    ],
    "an overlong quote": [
      "/rpc",
      Buffer.concat([
        Buffer.from('{"jsonrpc":"2.0","id":1,"method":"getA'),
        Buffer.from([0xc0, 0xa2]),
        Buffer.from('"}'),
      ]),
      JSON_TYPE,
    ],
    "more bytes than the bound": ["/rpc", `${rpc("getA")}${" ".repeat(70_000)}`, JSON_TYPE],
    "a mutation beside a query": [
      "/graphql",
      JSON.stringify({ query: "query A { viewer } mutation B { wipe }", operationName: "B" }),
      JSON_TYPE,
    ],
    "a denied field behind an alias": ["/graphql", JSON.stringify({ query: "{ viewer: secret }" }), JSON_TYPE],
    "a denied field in a fragment": [
      "/graphql",
      JSON.stringify({ query: "{ ...F } fragment F on Query { secret }" }),
      JSON_TYPE,
    ],
    "a query in the URL as well": [
      "/graphql?query=mutation%7Bwipe%7D",
      JSON.stringify({ query: "{ viewer }" }),
      JSON_TYPE,
    ],
    "a tool in another case": ["/mcp", call("READ"), JSON_TYPE],
    "an argument that climbs": ["/mcp", call("read", "/docs/../../etc"), JSON_TYPE],
  };
  it.each(Object.entries(CASES))("(%s) is refused and runs nothing", async (_name, [path, body, headers]) => {
    const answer = await post(path, body, headers).catch(() => ({ status: 403, body: "policy_denied" }));
    // Where the body names a call, the refusal is the answer to it.
    expect([403, 200]).toContain(answer.status);
    expect(answer.body).toContain("policy_denied");
    expect(ran).toEqual([]);
    expect(world.records.length).toBeGreaterThan(0);
    expect(world.records.every(({ decision }) => decision === "deny")).toBe(true);
  });
});

describe("a body that is judged", () => {
  it.each([
    ["in one piece", {}],
    ["in chunks", { "transfer-encoding": "chunked" }],
    ["after 100-continue", { expect: "100-continue", "transfer-encoding": "chunked" }],
  ])("passes %s", async (_name, headers) => {
    const rpc = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "getA" });
    const answer = await post("/rpc", rpc, { "content-type": "application/json", ...headers });
    expect(answer.status).toBe(200);
    expect(ran).toEqual(["getA"]);
  });

  it("as GraphQL runs what was read", async () => {
    expect((await post("/graphql", JSON.stringify({ query: "{ viewer }" }))).body).toContain('"viewer":"viewer"');
    expect((await post("/graphql", JSON.stringify({ query: "mutation { wipe }" }))).body).toContain("policy_denied");
    expect(ran).toEqual(["viewer"]);
  });
});
