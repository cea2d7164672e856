import { describe, expect, test } from "vitest";
import { decide } from "../src/index.ts";
import { compiled, judgeOf } from "./support.ts";

const REST = "host: api.example.com, port: 443, protocol: rest";

describe("what a lenient server reads in another way", () => {
  test("a denied parameter hides neither behind a semicolon, in brackets, in blanks nor before a NUL", () => {
    const judge = judgeOf(`{${REST}, access: full, deny_rules: [{method: "*", path: "/**", query: {secret: "*"}}]}`);
    const ask = (query: string) => judge({ method: "GET", path: `/x?${query}` });
    expect(ask("a=1;b=2")).toBe("allow");
    for (const query of [
      "secret=1",
      "a=1;secret=2",
      "secret[]=1",
      "SECRET[x]=1",
      "+secret=1",
      "secret%00=1",
      "a;secret",
    ])
      expect([query, ask(query)]).toEqual([query, "deny"]);
  });

  test("more rules by query than are looked at one by one find the same", () => {
    const denies = Array.from({ length: 20 }, (_, i) => `{method: "*", path: "/**", query: {k${i}: "v${i}"}}`).join(
      ", ",
    );
    const judge = judgeOf(`{${REST}, access: full, deny_rules: [${denies}]}`);
    expect(judge({ method: "GET", path: "/x?a=1;k19=v19" })).toBe("deny");
    expect(judge({ method: "GET", path: "/x?k7[]=v7" })).toBe("deny");
    expect(judge({ method: "GET", path: "/x?k7=v8" })).toBe("allow");
  });

  test("a denied header value hides neither in a list, in blanks nor in a second line of another case", () => {
    const judge = judgeOf(
      `{${REST}, access: full, deny_rules: [{method: "*", path: "/**", request: {headers: {x-danger: "yes"}}}]}`,
    );
    const ask = (headers: Record<string, string>) => judge({ method: "GET", path: "/x", headers });
    expect(ask({ "x-danger": "no" })).toBe("allow");
    for (const headers of [{ "x-danger": "no, yes" }, { "x-danger": " yes" }, { "x-danger": "no", "X-Danger": "Yes" }])
      expect(ask(headers)).toBe("deny");
  });

  test("a POST that names another method in its query, or another path in a header, is judged as that or refused", () => {
    const judge = judgeOf(
      `{${REST}, access: full, deny_rules: [{method: DELETE, path: "/**"}, {method: "*", path: "/admin/**"}]}`,
    );
    expect(judge({ method: "POST", path: "/items/1" })).toBe("allow");
    expect(judge({ method: "POST", path: "/items/1?_method=DELETE" })).toBe("deny");
    expect(judge({ method: "POST", path: "/items/1?%5Fmethod=delete" })).toBe("deny");
    expect(judge({ method: "GET", path: "/items/1?_method=DELETE" })).toBe("allow");
    expect(judge({ method: "POST", path: "/items/1", headers: { x_http_method_override: "DELETE" } })).toBe("deny");
    for (const name of ["x-original-url", "X-Rewrite-URL"])
      expect(judge({ method: "GET", path: "/ok", headers: { [name]: "/admin/x" } })).toBe("deny");
  });

  test("an upgrade passes only where everything is allowed and nothing denied", () => {
    const upgrade = { headers: { upgrade: "h2c" } };
    const ask = (endpoint: string, more = upgrade) => judgeOf(endpoint)({ method: "GET", path: "/x", ...more });
    expect(ask(`{${REST}, access: full}`)).toBe("allow");
    expect(ask(`{${REST}, rules: [{allow: {method: "*", path: "/**"}}]}`)).toBe("allow");
    expect(ask(`{${REST}, rules: [{allow: {method: "*", path: "/s/**"}}, {allow: {method: GET, path: "/**"}}]}`)).toBe(
      "deny",
    );
    expect(ask(`{${REST}, access: full, deny_rules: [{method: "*", path: "/admin/**"}]}`)).toBe("deny");
    const socket = "{host: api.example.com, port: 443, protocol: websocket, access: read-write}";
    expect(ask(socket)).toBe("deny");
    expect(ask(socket, { headers: { upgrade: "WebSocket" } })).toBe("allow");
  });

  test("a GraphQL body under another type than JSON, or with the id of another operation, is refused", () => {
    const judge = judgeOf("{host: api.example.com, port: 443, protocol: graphql, access: read-only}");
    const ask = (type: string | null, body: unknown) =>
      judge({
        method: "POST",
        path: "/graphql",
        body: JSON.stringify(body),
        ...(type === null ? {} : { headers: { "content-type": type } }),
      });
    for (const type of [null, "application/json", "application/json; charset=utf-8", "application/graphql+json"])
      expect(ask(type, { query: "{a}" })).toBe("allow");
    const form = { query: "{a}", x: "&query=mutation{deleteAll}&" };
    for (const type of [
      "application/x-www-form-urlencoded",
      "text/plain",
      "application/json; charset=utf-8; charset=utf-7",
    ])
      expect([type, ask(type, form)]).toEqual([type, "deny"]);
    for (const name of ["id", "documentId", "doc_id"])
      expect(ask("application/json", { query: "{a}", [name]: "mutation" })).toBe("deny");
  });

  test("a script that is no plain path vouches for nothing", () => {
    const policy = compiled(
      `version: 1\nnetwork_policies:\n  x:\n    endpoints: [{${REST}, access: full}]\n    binaries: [{path: /usr/bin/node, script: "/app/**"}]\n`,
    );
    const ask = (script: string) =>
      decide(policy, { binary: "/usr/bin/node", script, host: "api.example.com", port: 443 }, 0).decision;
    expect(["/app/a.js", "/app/../tmp/x", "/app/x\0y"].map(ask)).toEqual(["allow", "deny", "deny"]);
  });
});
