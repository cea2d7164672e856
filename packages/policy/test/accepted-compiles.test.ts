import fc from "fast-check";
import { expect, test } from "vitest";
import { compilePolicy, decide, parsePolicy } from "../src/index.ts";

/** Pieces that mean something to a pattern, to a path or to an escape, in every order. */
const piece = fc.constantFrom(
  "*",
  "**",
  "?",
  "[",
  "]",
  "!",
  "^",
  "-",
  "{",
  "}",
  "\\",
  "%2D",
  "[z%2Da]",
  "%5D",
  "%",
  "/",
  ".",
  "z",
  "a",
  "tools/",
  ",",
);
const odd = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(""));
const oddPath = odd.map((text) => `/${text}`);

const HTTP = { host: "api.example.com", port: 443 };
const rules = (clause: object) => ({ rules: [{ allow: clause }], deny_rules: [clause] });

/** One pattern of each kind that a file may hold; the rest of the file is plain. */
const endpoints = fc.oneof(
  oddPath.map((path) => ({ ...HTTP, protocol: "rest", ...rules({ method: "GET", path }) })),
  oddPath.map((path) => ({ ...HTTP, protocol: "rest", access: "full", path })),
  odd.map((glob) => ({ ...HTTP, protocol: "rest", ...rules({ method: "GET", path: "/**", query: { a: glob } }) })),
  odd.map((method) => ({ ...HTTP, protocol: "rest", ...rules({ method, path: "/**" }) })),
  odd.map((glob) => ({
    ...HTTP,
    protocol: "rest",
    ...rules({ method: "GET", path: "/**", request: { headers: { a: { any: [glob] } } } }),
  })),
  odd.map((method) => ({ ...HTTP, protocol: "mcp", ...rules({ method }) })),
  odd.map((tool) => ({ ...HTTP, protocol: "mcp", ...rules({ method: "tools/call", tool }) })),
  odd.map((glob) => ({
    ...HTTP,
    protocol: "mcp",
    ...rules({ method: "tools/call", tool: "a", params: { arguments: { a: { b: glob } } } }),
  })),
  odd.map((method) => ({ ...HTTP, protocol: "json-rpc", ...rules({ method }) })),
  odd.map((name) => ({ ...HTTP, protocol: "graphql", ...rules({ operation_type: "query", operation_name: name }) })),
  odd.map((name) => ({ ...HTTP, protocol: "graphql", ...rules({ operation_type: "query", fields: [name] }) })),
  odd.map((host) => ({ host: `${host}.example.com`, port: 443 })),
  odd.map((range) => ({ ...HTTP, allowed_ips: [range, `10.0.0.0/${range}`] })),
);
const binaries = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ path: "/bin/a" }) },
  oddPath.map((path) => ({ path })),
  oddPath.map((script) => ({ path: "/bin/a", script })),
);

const models = fc.oneof({ weight: 8, arbitrary: fc.constant("z*") }, odd);

const BODIES = [
  '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"a":{"b":"z"}}}}',
  '{"query":"query a { z }"}',
];

test("whatever pattern reading accepts, compiling and judging accept as well", () => {
  let accepted = 0;
  let refused = 0;
  fc.assert(
    fc.property(endpoints, binaries, models, (endpoint, binary, model) => {
      const text = JSON.stringify({
        version: 1,
        network_policies: { x: { endpoints: [endpoint], binaries: [binary] } },
        inference: { models: [model] },
      });
      const { policy } = parsePolicy(text);
      if (policy === null) {
        refused += 1;
        return;
      }
      accepted += 1;
      const compiled = compilePolicy(policy);
      const host = policy.network_policies.x?.endpoints[0]?.host.replaceAll("*", "z") ?? "";
      for (const body of BODIES)
        for (const [method, path] of [
          ["GET", "/z?a=z"],
          ["POST", "/a/z"],
        ] as const) {
          const headers = { "content-type": "application/json", a: "z" };
          const request = {
            binary: "/bin/a",
            script: "/z",
            host,
            port: 443,
            method,
            path,
            headers,
            body,
          };
          expect(["allow", "deny"]).toContain(decide(compiled, request, 0).decision);
        }
      decide(
        compiled,
        { binary: "/bin/a", host: "inference.local", port: 443, method: "POST", path: "/", body: '{"model":"z"}' },
        0,
      );
    }),
    { numRuns: 4_000, seed: 11 },
  );
  // Neither side of the claim may be empty.
  expect(Math.min(accepted, refused)).toBeGreaterThan(300);
});
