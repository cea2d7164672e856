import { type TLSSocket, connect as tlsConnect } from "node:tls";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { McpError } from "@modelcontextprotocol/sdk/types.js";
import { Agent } from "undici";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ANSWERED_CALLS_MAX, JSON_RPC_DENIED } from "../src/http/refusalInProtocol.ts";
import { ask } from "./support/client.ts";
import { createUpstream, createWorld, type Upstream, type World } from "./support/world.ts";

/** A refused call is answered in its own protocol, by its id, so that its client can match it and its model can read it. */
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
        rules: [{ allow: { method: initialize } }, { allow: { method: notifications/initialized } }, { allow: { method: tools/call, tool: read } }]
      - { host: ${HOST}, port: 443, path: /graphql, protocol: graphql, rules: [{ allow: { operation_type: query, fields: ["viewer"] } }] }
      - { host: ${HOST}, port: 443, path: /rpc, protocol: json-rpc, rules: [{ allow: { method: getA } }] }
      - { host: ${HOST}, port: 443, path: "/v1/**", protocol: rest, rules: [{ allow: { method: GET, path: "/v1/**" } }] }
    binaries:
      - path: /usr/bin/curl
`;

let world: World;
let upstream: Upstream;
let door: number;
let arrived: string[];

beforeAll(async () => {
  upstream = await createUpstream(HOST, async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    const said = chunks.length === 0 ? null : JSON.parse(Buffer.concat(chunks).toString("utf8"));
    arrived.push(said?.method ?? req.url);
    if (said?.method !== "initialize") return void res.writeHead(said?.id === undefined ? 202 : 405).end();
    const result = {
      protocolVersion: said.params.protocolVersion,
      capabilities: {},
      serverInfo: { name: "x", version: "1" },
    };
    res.setHeader("content-type", "application/json").end(JSON.stringify({ jsonrpc: "2.0", id: said.id, result }));
  });
  world = await createWorld({
    yaml: POLICY,
    resolve: { [`${HOST}:443`]: `127.0.0.1:${upstream.port}` },
    upstreamCa: [upstream.caPem],
  });
  door = await world.door(HOST, 443);
});
afterAll(async () => {
  await world.close();
  await upstream.close();
});
beforeEach(() => {
  arrived = [];
});

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  ask({
    door,
    host: HOST,
    ca: world.ca.certificatePem,
    method: "POST",
    path,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
const call = (id: string | number | null | undefined, method: string) => ({
  jsonrpc: "2.0",
  ...(id === undefined ? {} : { id }),
  method,
});
/** Rule and remedy, as data. */
const DATA = {
  error: "policy_denied",
  rule: "tools",
  host: HOST,
  next_steps: expect.arrayContaining([expect.stringContaining("Do not retry")]),
};
const denied = (id: string | number) => ({
  jsonrpc: "2.0",
  id,
  error: {
    code: JSON_RPC_DENIED,
    message: expect.stringContaining("policy_denied: "),
    data: expect.objectContaining(DATA),
  },
});

/** Node's fetch takes a dispatcher that its types do not know. */
const withDispatcher = (init: RequestInit | undefined, dispatcher: Agent): RequestInit =>
  Object.assign({}, init, { dispatcher });

async function mcpClient(): Promise<{ client: Client; close(): Promise<void> }> {
  const dispatcher = new Agent({
    connect: (_options, done) => {
      const socket: TLSSocket = tlsConnect({
        host: "127.0.0.1",
        port: door,
        servername: HOST,
        ca: world.ca.certificatePem,
      });
      socket.once("secureConnect", () => done(null, socket)).once("error", (error) => done(error, null));
    },
  });
  const through = (url: string | URL, init?: RequestInit): Promise<Response> =>
    fetch(url, withDispatcher(init, dispatcher));
  const client = new Client({ name: "agent", version: "1.0.0" });
  await client.connect(new StreamableHTTPClientTransport(new URL(`https://${HOST}/mcp`), { fetch: through }));
  const close = async () => {
    await client.close();
    await dispatcher.close();
  };
  return { client, close };
}

describe("a denied MCP call", () => {
  it("reaches MCP's own client as the error of that call, with the rule and what to do next", async () => {
    const { client, close } = await mcpClient();
    const error = await client.callTool({ name: "write", arguments: {} }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(McpError);
    expect(error).toMatchObject({
      code: JSON_RPC_DENIED,
      message: expect.stringContaining("policy_denied: "),
      data: DATA,
    });
    expect(arrived).not.toContain("tools/call");
    await close();
  });

  it("that is a notification, which nobody waits for, is 403 with an error without an id", async () => {
    const answer = await post("/mcp", call(undefined, "notifications/cancelled"));
    expect(answer.status).toBe(403);
    expect(answer.json).toMatchObject({ jsonrpc: "2.0", error: { code: JSON_RPC_DENIED } });
    expect(answer.json).not.toHaveProperty("id");
    expect(arrived).toEqual([]);
  });
});

describe("a denied JSON-RPC call", () => {
  it.each([7, 0, "a", ""])("with the id %j is answered by it", async (id) => {
    const answer = await post("/rpc", call(id, "drop"));
    expect(answer.status).toBe(200);
    expect(answer.headers["x-creel-decision"]).toBe("deny");
    expect(answer.json).toEqual(denied(id));
    expect(arrived).toEqual([]);
  });

  it("in a batch refuses the batch: each call has its answer, notifications have none", async () => {
    const answer = await post("/rpc", [call(1, "getA"), call(undefined, "getA"), call("two", "drop")]);
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual([denied(1), denied("two")]);
    expect(arrived).toEqual([]);
  });

  it("in a batch of notifications alone is 403", async () => {
    expect((await post("/rpc", [call(undefined, "drop")])).status).toBe(403);
  });

  it("in a batch at the bound is answered one by one, beyond it in words", async () => {
    const batch = (count: number) => Array.from({ length: count }, (_, id) => call(id, "drop"));
    expect((await post("/rpc", batch(ANSWERED_CALLS_MAX))).json).toHaveLength(ANSWERED_CALLS_MAX);
    const beyond = await post("/rpc", batch(ANSWERED_CALLS_MAX + 1));
    expect(beyond.status).toBe(403);
    expect(beyond.json).toMatchObject({ error: "policy_denied" });
  });

  it.each([
    ["an id that no answer can carry", { jsonrpc: "2.0", id: { a: 1 }, method: "drop" }],
    ["an id that says nothing", call(null, "drop")],
    ["no version", { id: 1, method: "drop" }],
    ["a batch in which one is no call", [call(1, "drop"), 5]],
    ["an empty batch", []],
  ])("with %s stays 403 in words", async (_name, body) => {
    const answer = await post("/rpc", body);
    expect(answer.status).toBe(403);
    expect(answer.json).toMatchObject({ error: "policy_denied" });
    expect(arrived).toEqual([]);
  });
});

describe("a denied GraphQL operation", () => {
  const query = { query: "mutation { wipe }" };
  const errors = [
    {
      message: expect.stringContaining("policy_denied: "),
      extensions: expect.objectContaining({ code: "POLICY_DENIED", rule: "tools" }),
    },
  ];
  it("is answered with errors, as 403", async () => {
    const answer = await post("/graphql", query);
    expect(answer.status).toBe(403);
    expect(answer.headers["content-type"]).toBe("application/json");
    expect(answer.json).toEqual({ errors });
    expect(arrived).toEqual([]);
  });
  it("has the type that its client asks for", async () => {
    const answer = await post("/graphql", query, { accept: "application/graphql-response+json, application/json" });
    expect(answer.headers["content-type"]).toBe("application/graphql-response+json");
    expect(answer.json).toEqual({ errors });
  });
});

describe("another denied request", () => {
  it("is 403 in words", async () => {
    const answer = await ask({ door, host: HOST, ca: world.ca.certificatePem, method: "DELETE", path: "/v1/x" });
    expect(answer.status).toBe(403);
    expect(answer.json).toMatchObject({ error: "policy_denied", rule: "tools" });
  });
});
