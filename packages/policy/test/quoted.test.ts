import { describe, expect, test } from "vitest";
import { QUOTED_CHARS_MAX, quoted } from "../src/engine/quoted.ts";
import { decide } from "../src/index.ts";
import { compiled } from "./support.ts";

const OTHER_WORDS_CHARS_MAX = 200;

describe("what a reason quotes of a request", () => {
  test("stands whole up to the limit, and beyond it ends with an ellipsis", () => {
    const whole = "a".repeat(QUOTED_CHARS_MAX);
    expect(quoted(whole)).toBe(whole);
    expect(quoted(`${whole}a`)).toBe(`${"a".repeat(QUOTED_CHARS_MAX - 1)}…`);
  });

  const file = (endpoint: string) =>
    compiled(`
version: 1
network_policies:
  a:
    endpoints:
      - {host: api.example.com, port: 443, ${endpoint}}
    binaries: [{path: /usr/bin/curl}]
`);
  const long = "a".repeat(10_000);
  const asked = { binary: "/usr/bin/curl", host: "api.example.com", port: 443 };

  test.each([
    [
      "a path",
      "protocol: rest, rules: [{allow: {method: GET, path: /x}}]",
      { ...asked, method: "GET", path: `/${long}` },
    ],
    ["a program", "protocol: rest, access: full", { ...asked, binary: `/${long}`, method: "GET", path: "/" }],
    [
      "a GraphQL field",
      "protocol: graphql, access: read-only",
      { ...asked, method: "POST", path: "/graphql", body: JSON.stringify({ query: `mutation { ${long} }` }) },
    ],
  ])("is bounded: %s of ten thousand characters", (_what, endpoint, request) => {
    const { decision, reason } = decide(file(endpoint), request, 0);
    expect(decision).toBe("deny");
    expect(reason).toContain("aaa…");
    expect(reason.length).toBeLessThan(QUOTED_CHARS_MAX + OTHER_WORDS_CHARS_MAX);
  });
});
