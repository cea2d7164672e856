import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parsePolicy, policyDigest, printPolicy } from "../src/index.ts";
import { policies } from "./arbitrary-policy.ts";
import { must } from "./support.ts";

describe("printPolicy", () => {
  test("house layout: the reference's order, defaults left out, one line per rule", () => {
    const file = {
      tests: [{ request: { port: 443, host: "api.example.com", binary: "/usr/bin/gh" }, expect: "allow" }],
      network_policies: {
        github: {
          reason: "yes",
          name: "github",
          binaries: [{ inherit: false, path: "/usr/bin/gh" }],
          endpoints: [
            {
              rules: [
                { allow: { path: "/repos/**", method: "get" } },
                { allow: { path: "/user", method: "GET", query: { page: { any: ["1", "2"] } } } },
              ],
              enforcement: "enforce",
              protocol: "rest",
              ports: [443],
              host: "API.example.com.",
            },
          ],
        },
      },
      mode: "enforce",
      version: 1,
    };
    expect(printPolicy(must(parsePolicy(JSON.stringify(file))))).toBe(`version: 1

network_policies:
  github:
    endpoints:
      - host: api.example.com
        port: 443
        protocol: rest
        rules:
          - allow: { method: GET, path: "/repos/**" }
          - allow: { method: GET, path: /user, query: { page: { any: ["1", "2"] } } }
    binaries:
      - { path: /usr/bin/gh }
    reason: "yes"

tests:
  - { request: { binary: /usr/bin/gh, host: api.example.com, port: 443 }, expect: allow }
`);
  });

  test.each(["__proto__", "constructor", "123", "a: b", "k".repeat(1200)])("a section named %s is kept", (key) => {
    const policy = must(
      parsePolicy(
        `version: 1\nnetwork_policies: {? ${JSON.stringify(key)} : {}}\nnetwork_middlewares: {? ${JSON.stringify(key)} : {middleware: m, endpoints: {include: [a.example]}}}\ncredentials: {? ${JSON.stringify(key)} : {endpoints: [{host: a.example, port: 1}]}}\n`,
      ),
    );
    const again = must(parsePolicy(printPolicy(policy)));
    for (const section of [again.network_policies, again.network_middlewares, again.credentials])
      expect(Object.keys(section)).toEqual([key]);
  });

  test("what is printed is read back as the same policy with the same digest, for any policy", () => {
    fc.assert(
      fc.property(policies, (policy) => {
        const again = must(parsePolicy(printPolicy(policy)));
        expect(again).toEqual(policy);
        expect(policyDigest(again)).toBe(policyDigest(policy));
      }),
      { numRuns: 120 },
    );
  });

  test("every character of a text is read back, seen or unseen", () => {
    // Beyond the first plane, where signs that nobody sees stand: notes, Khitan's filler, tags and selectors, private ones.
    const beyond = [0x16c00, 0x1d000, 0xe0000, 0xf0000];
    for (const from of [...Array.from({ length: 64 }, (_, n) => n * 0x400), ...beyond]) {
      const reason = `x${String.fromCodePoint(...Array.from({ length: 0x400 }, (_, i) => from + i))}é\u200dé\u3164\u200dé`;
      const policy = must(parsePolicy("version: 1\nnetwork_policies: {a: {endpoints: [], binaries: []}}\n"));
      const entry = policy.network_policies.a;
      if (entry === undefined) throw new Error("lost");
      const wanted = { ...policy, network_policies: { a: { ...entry, reason } } };
      expect(must(parsePolicy(printPolicy(wanted)))).toEqual(wanted);
    }
  });

  test("printing is stable: what is read back prints the same", () => {
    fc.assert(
      fc.property(policies, (policy) => {
        const text = printPolicy(policy);
        expect(printPolicy(must(parsePolicy(text)))).toBe(text);
      }),
      { numRuns: 60 },
    );
  });
});
