import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatPolicy, PolicyEditError, parsePolicy, policyDigest, printPolicy } from "../src/index.ts";
import { asYaml, policies, policyFiles } from "./arbitrary-policy.ts";
import { must } from "./support.ts";

const LOOSE = `# Ours.
# Ask Ada.

version:   1
network_policies:
      # the tracker
      tickets:      # by name
         binaries: [{path:    "/usr/bin/curl"}]   # only this
         endpoints:
         - {host: 'tickets.example.com', port: 443, protocol: rest, rules: [{allow: {method: GET, path: "/api/**"}}]}

         # files come last
         - host: files.example.com
           # two of them
           ports:
             - 443
             - 8443  # the old one
         reason: |
           It was asked for,
           and granted.
landlock: {compatibility: "best_effort"}


# The end.
`;

describe("formatPolicy", () => {
  test("house layout, with the person's order and every comment", () => {
    expect(formatPolicy(LOOSE)).toBe(`# Ours.
# Ask Ada.

version: 1

network_policies:
  # the tracker
  tickets:
    # by name
    binaries:
      - { path: /usr/bin/curl }
      # only this
    endpoints:
      - host: tickets.example.com
        port: 443
        protocol: rest
        rules:
          - allow: { method: GET, path: "/api/**" }

      # files come last
      - host: files.example.com
        # two of them
        ports:
          - 443
          - 8443 # the old one
    reason: |
      It was asked for,
      and granted.

landlock: { compatibility: best_effort }

# The end.
`);
  });

  test("what is printed is formatted already", () => {
    fc.assert(
      fc.property(policies, (policy) => {
        expect(formatPolicy(printPolicy(policy))).toBe(printPolicy(policy));
      }),
      { numRuns: 40 },
    );
  });

  test("for any file with comments anywhere: the same digest, the same comments, and once is enough", () => {
    fc.assert(
      fc.property(policyFiles, fc.array(fc.nat(), { minLength: 1, maxLength: 12 }), (file, places) => {
        const printed = printPolicy(must(parsePolicy(asYaml(file)))).split("\n");
        for (const [i, place] of places.entries()) {
          const at = place % printed.length;
          const line = printed[at] ?? "";
          if (place % 3 === 0 && line !== "" && !line.startsWith("? ")) printed[at] = `${line}   # note ${i}`;
          else if (place % 3 === 1) printed.splice(at, 0, `${/^ */.exec(line)?.[0] ?? ""}# note ${i}`);
          else printed.splice(at, 0, "");
        }
        const text = printed.join("\n");
        const before = parsePolicy(text).policy;
        if (before === null) return;
        const once = formatPolicy(text);
        expect(policyDigest(must(parsePolicy(once)))).toBe(policyDigest(before));
        expect(once.match(/# note \d+/g)?.toSorted()).toEqual(text.match(/# note \d+/g)?.toSorted());
        expect(formatPolicy(once)).toBe(once);
      }),
      { numRuns: 40 },
    );
  });

  test("refuses a file with errors", () => {
    expect(() => formatPolicy("version: 2\n")).toThrow(PolicyEditError);
  });
});
