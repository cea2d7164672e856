import { describe, expect, test } from "vitest";
import { judgeOf } from "./support.ts";

describe("mcp", () => {
  const call = (name: unknown, args: unknown = {}) => ({
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name, arguments: args },
  });
  const judge = (endpoint: string) => {
    const decide = judgeOf(`{host: api.example.com, port: 443, path: /mcp, protocol: mcp, ${endpoint}}`);
    return (body: unknown) =>
      decide({ method: "POST", path: "/mcp", body: typeof body === "string" ? body : JSON.stringify(body) });
  };
  const named = judge(
    "rules: [{allow: {method: initialize}}, {allow: {method: tools/call, tool: {any: [search_*, list]}}}]",
  );
  const all = judge("mcp: {allow_all_known_mcp_methods: true}, deny_rules: [{tool: 'delete*'}]");

  test("allows the calls named and no other", () => {
    expect([
      named({ jsonrpc: "2.0", id: 1, method: "initialize" }),
      named(call("search_web")),
      named(call("list")),
    ]).toEqual(["allow", "allow", "allow"]);
    expect([
      named(call("send")),
      named(call("Search_web")),
      named({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
    ]).toEqual(["deny", "deny", "deny"]);
  });
  test.each<[string, unknown]>([
    ["a dot in the name", call("delete.repo")],
    ["another case", call("Delete_repo")],
    ["the middle of a batch", [call("list"), call("delete_x"), call("list")]],
    ["a name that is no text", call({ a: 1 })],
    ["a name outside the strict form", call("delete/repo")],
    [
      "a duplicate key",
      '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"delete_x"}}',
    ],
    [
      "a duplicate key in another case",
      '{"jsonrpc":"2.0","id":1,"method":"tools/list","Method":"tools/call","params":{"name":"delete_x"}}',
    ],
    ["an escaped key", '{"jsonrpc":"2.0","id":1,"method":"tools/list","\\u006dethod":"tools/call"}'],
    ["an unknown method", { jsonrpc: "2.0", id: 1, method: "x/y" }],
    ["no JSON", "delete"],
    ["an empty batch", []],
    ["a body too large", `{"jsonrpc":"2.0","method":"ping","x":"${"a".repeat(70_000)}"}`],
    ["a body too deep", `{"jsonrpc":"2.0","method":"ping","x":${"[".repeat(1000)}${"]".repeat(1000)}}`],
  ])("a denied tool is not reached by %s", (_, body) => expect(all(body)).toBe("deny"));
  test("the method profile allows the rest, and the stream without a body", () => {
    expect([
      all(call("create")),
      all({ jsonrpc: "2.0", method: "ping" }),
      all({ jsonrpc: "2.0", id: 1, result: {} }),
    ]).toEqual(["allow", "allow", "allow"]);
    const decide = judgeOf(
      "{host: api.example.com, port: 443, protocol: mcp, mcp: {allow_all_known_mcp_methods: true}}",
    );
    expect([decide({ method: "GET", path: "/" }), decide({ method: "POST", path: "/" })]).toEqual(["allow", "deny"]);
    expect(
      decide({
        method: "POST",
        path: "/",
        body: '{"jsonrpc":"2.0","method":"ping"}',
        headers: { "content-encoding": "gzip" },
      }),
    ).toBe("deny");
  });
  test("arguments are matched, and a path that climbs is not", () => {
    const args = judge(
      "rules: [{allow: {method: tools/call, params: {name: read, arguments: {path: /workspace/**}}}}]",
    );
    expect([
      args(call("read", { path: "/workspace/a/b" })),
      args(call("read", { path: "/etc/passwd" })),
      args(call("read", {})),
      args(call("read", { path: "/workspace/../etc" })),
    ]).toEqual(["allow", "deny", "deny", "deny"]);
  });
  test("a deny whose body cannot be read holds against another entry's allow", () => {
    const decide = judgeOf(
      "{host: api.example.com, port: 443, protocol: rest, access: full}, {host: api.example.com, port: 443, protocol: mcp, mcp: {allow_all_known_mcp_methods: true}, deny_rules: [{tool: x}]}",
    );
    expect(decide({ method: "POST", path: "/" })).toBe("deny");
  });
});

test("json-rpc allows exact methods, and no answers", () => {
  const decide = judgeOf(
    "{host: api.example.com, port: 443, protocol: json-rpc, rules: [{allow: {method: '*'}}], deny_rules: [{method: reports.delete}]}",
  );
  const post = (body: unknown) => decide({ method: "POST", path: "/rpc", body: JSON.stringify(body) });
  expect([
    post({ jsonrpc: "2.0", method: "reports.list" }),
    post({ jsonrpc: "2.0", method: "Reports.Delete" }),
    post({ jsonrpc: "2.0", id: 1, result: 1 }),
    post({ method: "reports.list" }),
  ]).toEqual(["allow", "deny", "deny", "deny"]);
});

describe("graphql", () => {
  const judge = (endpoint: string) => {
    const decide = judgeOf(`{host: api.example.com, port: 443, protocol: graphql, ${endpoint}}`);
    return (query: string, rest: object = {}) =>
      decide({ method: "POST", path: "/graphql", body: JSON.stringify({ query, ...rest }) });
  };
  const writes = judge("access: read-write, deny_rules: [{operation_type: mutation, fields: [deleteRepository]}]");
  test("access presets speak of operation types", () => {
    const reads = judge("access: read-only");
    expect([
      reads("{ viewer { login } }"),
      reads("mutation { a }"),
      writes("mutation { a }"),
      writes("subscription { a }"),
    ]).toEqual(["allow", "deny", "allow", "deny"]);
  });
  test.each([
    ["plainly", "mutation { deleteRepository }"],
    ["by an alias", "mutation { harmless: deleteRepository(id: 1) { id } }"],
    ["by a fragment", "mutation { ...f } fragment f on M { deleteRepository }"],
    [
      "by fragments in a circle",
      "mutation { ...f } fragment f on M { ...g } fragment g on M { ...f deleteRepository }",
    ],
    ["by an inline fragment", "mutation { ... on M { ... @include(if: true) { deleteRepository } } }"],
    ["behind a comment and commas", "mutation,#{ a }\n{ a,,deleteRepository }"],
    ["behind a string that looks like an end", 'mutation { a(x: "} \\" }") deleteRepository }'],
    ["behind a block string", 'mutation { a(x: """ } \\""" """) deleteRepository }'],
    ["as a second operation that might be meant", "query A { a } mutation B { deleteRepository }"],
    ["in what cannot be read", "mutation { deleteRepository "],
    ["by an unknown fragment", "mutation { a ...f }"],
    ["at great depth", `mutation { a ${"{ a ".repeat(500)}`],
  ])("a denied field is not reached %s", (_, query) => expect(writes(query)).toBe("deny"));
  test("the named operation is the one judged, and rules need every root field", () => {
    expect(writes("query A { a } mutation B { deleteRepository }", { operationName: "A" })).toBe("allow");
    const fields = judge("rules: [{allow: {operation_type: query, operation_name: 'Get*', fields: [viewer, repo*]}}]");
    expect([
      fields("query GetA { viewer repository }"),
      fields("query GetA { viewer secrets }"),
      fields("{ viewer }"),
    ]).toEqual(["allow", "deny", "deny"]);
  });
  test("stored operations pass only when registered", () => {
    const stored = judgeOf(
      "{host: api.example.com, port: 443, protocol: graphql, access: read-only, persisted_queries: allow_registered, graphql_persisted_queries: {h1: {operation_type: query}}}",
    );
    const post = (hash: string) =>
      stored({
        method: "POST",
        path: "/",
        body: JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash: hash } } }),
      });
    expect([post("h1"), post("h2"), post("__proto__")]).toEqual(["allow", "deny", "deny"]);
  });
});

describe("websocket", () => {
  const upgrade = { method: "GET", path: "/v1", headers: { upgrade: "websocket" } };
  const message = { method: "WEBSOCKET_TEXT", path: "/v1", body: "x" };
  test("read-only opens and listens, read-write also speaks", () => {
    const reads = judgeOf("{host: api.example.com, port: 443, protocol: websocket, access: read-only}");
    const writes = judgeOf("{host: api.example.com, port: 443, protocol: websocket, access: read-write}");
    expect([
      reads(upgrade),
      reads(message),
      writes(message),
      reads({ ...upgrade, headers: {} }),
      writes({ method: "POST", path: "/v1" }),
    ]).toEqual(["allow", "deny", "allow", "deny", "deny"]);
  });
  test("a binary message needs full access, and what denies texts at its path denies it, in any entry", () => {
    const binary = { method: "WEBSOCKET_BINARY", path: "/v1/live" };
    const of = (rest: string) => judgeOf(`{host: api.example.com, port: 443, protocol: websocket, ${rest}}`)(binary);
    const all = 'rules: [{allow: {method: "*", path: "/**"}}]';
    const denying = (path: string) => `${all}, deny_rules: [{method: WEBSOCKET_TEXT, path: "${path}"}]`;
    expect([of("access: full"), of("access: read-write"), of(all)]).toEqual(["allow", "deny", "allow"]);
    expect([of(denying("/v1/*")), of(denying("/other"))]).toEqual(["deny", "allow"]);
  });
  test("messages are judged as GraphQL where rules speak of it", () => {
    const decide = judgeOf(
      "{host: api.example.com, port: 443, protocol: websocket, rules: [{allow: {method: GET, path: /v1}}, {allow: {operation_type: subscription, fields: [messageAdded]}}]}",
    );
    const send = (value: unknown) => decide({ ...message, body: JSON.stringify(value) });
    const subscribe = (query: string) => send({ id: "1", type: "subscribe", payload: { query } });
    expect([
      decide(upgrade),
      send({ type: "connection_init" }),
      subscribe("subscription { messageAdded }"),
      subscribe("mutation { x }"),
      send({ type: "other" }),
      send("x"),
    ]).toEqual(["allow", "allow", "allow", "deny", "deny", "deny"]);
  });
});
