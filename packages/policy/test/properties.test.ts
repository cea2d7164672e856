import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Random } from "../fuzz/random.ts";
import { canonicalAddress } from "../src/canonical/address.ts";
import {
  addressClass,
  canonicalHost,
  canonicalPath,
  compilePolicy,
  decide,
  type Endpoint,
  type Policy,
  type PolicyRequest,
  parsePolicy,
} from "../src/index.ts";
import { NOW_MS, nearRequest, policyText } from "./oracle/generate.ts";

// A scene holds a dozen requests.
const RUNS = 50;
const seeds = fc.integer({ min: 0, max: 0x7fffffff });

/** A policy of the small world and requests near its rules; null where the parser refuses the text. */
function scene(seed: number): { policy: Policy; requests: PolicyRequest[] } | null {
  const random = new Random(seed);
  const { policy } = parsePolicy(policyText(random));
  if (policy === null) return null;
  return { policy, requests: Array.from({ length: 12 }, () => nearRequest(policy, random)) };
}

const decisionOf = (policy: Policy, request: PolicyRequest): string =>
  decide(compilePolicy(policy), request, NOW_MS).decision;

/** Holds a claim about every scene; counts that the claim was not empty. */
function forScenes(claim: (policy: Policy, request: PolicyRequest, before: string) => boolean): void {
  let tried = 0;
  fc.assert(
    fc.property(seeds, (seed) => {
      const found = scene(seed);
      if (found === null) return;
      const compiled = compilePolicy(found.policy);
      for (const request of found.requests)
        if (claim(found.policy, request, decide(compiled, request, NOW_MS).decision)) tried += 1;
    }),
    { numRuns: RUNS, seed: 7 },
  );
  expect(tried).toBeGreaterThan(25);
}

const withEntries = (policy: Policy, entries: Policy["network_policies"]): Policy => ({
  ...policy,
  network_policies: entries,
});

const broad = (endpoint: Partial<Endpoint> & Pick<Endpoint, "host">): Policy["network_policies"][string] => ({
  name: "broad",
  binaries: [{ path: "/**" }],
  endpoints: [{ ports: [443, 8443], enforcement: "enforce", ...endpoint }],
});

describe("deny is the default", () => {
  test("a policy without entries denies all that is not the model host", () => {
    forScenes((policy, request) => {
      if (canonicalHost(request.host) === "inference.local") return false;
      expect(decisionOf({ ...withEntries(policy, {}), mode: "enforce" }, request)).toBe("deny");
      return true;
    });
  });
  test("a host, a port or a program that no entry names is denied", () => {
    forScenes((policy, request) => {
      const enforced: Policy = { ...policy, mode: "enforce" };
      for (const change of [{ host: "nobody.example.net" }, { port: 9 }, { binary: "/nobody" }]) {
        const named = { ...enforced, network_policies: withoutWideEntries(policy) };
        if (canonicalHost(request.host) === "inference.local") return false;
        expect(decisionOf(named, { ...request, ancestors: [], ...change })).toBe("deny");
      }
      return true;
    });
  });
});

/** Only entries that name hosts and programs: `/**` and an endpoint without a host name everybody. */
const withoutWideEntries = (policy: Policy): Policy["network_policies"] =>
  Object.fromEntries(
    Object.entries(policy.network_policies).map(([key, entry]) => [
      key,
      {
        ...entry,
        binaries: entry.binaries.filter(({ path }) => path !== "/**"),
        endpoints: entry.endpoints.filter(({ host }) => host !== ""),
      },
    ]),
  );

describe("deny beats allow", () => {
  test("a deny rule more never lets anything through that was denied", () => {
    forScenes((policy, request, before) => {
      if (before === "allow") return false;
      const random = new Random(request.port + (request.path?.length ?? 0));
      const entries = Object.entries(policy.network_policies).map(([key, entry]) => [
        key,
        {
          ...entry,
          endpoints: entry.endpoints.map((endpoint) =>
            endpoint.protocol === "rest"
              ? {
                  ...endpoint,
                  deny_rules: [
                    ...(endpoint.deny_rules ?? []),
                    { method: "*", path: random.pick(["/**", "/api/**", "/x"]) },
                  ],
                }
              : endpoint,
          ),
        },
      ]);
      expect(decisionOf(withEntries(policy, Object.fromEntries(entries)), request)).not.toBe("allow");
      return true;
    });
  });
  test("a deny rule that covers everything denies every inspected request, whoever allows it", () => {
    forScenes((policy, request, before) => {
      if (before !== "allow" || request.method === undefined || request.ip !== undefined) return false;
      const host = canonicalHost(request.host);
      if (host === null || host === "inference.local") return false;
      const denying = broad({ host, protocol: "rest", access: "full", deny_rules: [{ method: "*", path: "/**" }] });
      const more = { ...policy.network_policies, zz: denying };
      expect(decisionOf({ ...withEntries(policy, more), mode: "enforce" }, request)).toBe("deny");
      return true;
    });
  });
});

describe("more entries, fewer entries", () => {
  test("an entry without deny rules and without `path` never denies what was allowed", () => {
    forScenes((policy, request, before) => {
      if (before !== "allow" || canonicalHost(request.host) === "inference.local") return false;
      // An inspected endpoint makes an uninspected neighbour read the target; what has no single reading is then refused.
      if (request.method?.toUpperCase() === "CONNECT") return false;
      if (request.path !== undefined && canonicalPath(request.path, { allowEncodedSlash: true }) === null) return false;
      const host = canonicalHost(request.host) ?? "";
      const extra = broad({ host, protocol: "rest", rules: [{ allow: { method: "GET", path: "/only-this" } }] });
      const entries = { ...policy.network_policies, zz: extra };
      // A longer `path` speaks alone, so an entry that has none can only be silent.
      expect(decisionOf(withEntries(policy, entries), request)).toBe("allow");
      return true;
    });
  });
  test("an entry less never allows more, where no entry denies and none has a `path`", () => {
    const plain = (policy: Policy): boolean =>
      Object.values(policy.network_policies).every(({ endpoints }) =>
        endpoints.every(({ deny_rules, path }) => deny_rules === undefined && path === undefined),
      );
    forScenes((policy, request, before) => {
      if (before === "allow" || !plain(policy) || canonicalHost(request.host) === "inference.local") return false;
      for (const key of Object.keys(policy.network_policies)) {
        const { [key]: _gone, ...rest } = policy.network_policies;
        const after = decisionOf(withEntries(policy, rest), request);
        // With nothing inspected left, an uninspected neighbour relays without reading the target.
        if (request.method === undefined) expect(after).not.toBe("allow");
        else if (
          Object.values(rest).every(({ endpoints }) => endpoints.every(({ protocol }) => protocol !== undefined))
        )
          expect(after).not.toBe("allow");
      }
      return true;
    });
  });
});

describe("monitor only softens", () => {
  test("what is allowed stays allowed, what is denied may become would_deny and nothing else", () => {
    forScenes((policy, request) => {
      const enforced = decisionOf({ ...policy, mode: "enforce" }, request);
      const monitored = decisionOf({ ...policy, mode: "monitor" }, request);
      if (enforced === "deny") expect(["deny", "would_deny"]).toContain(monitored);
      else expect(monitored).toBe(enforced);
      return true;
    });
  });
  test("and its end hardens it again", () => {
    forScenes((policy, request) => {
      const monitored: Policy = { ...policy, mode: "monitor", monitor_until: "2026-01-01T00:00:00Z" };
      expect(decisionOf(monitored, request)).toBe(decisionOf({ ...policy, mode: "enforce" }, request));
      return true;
    });
  });
});

describe("one reading", () => {
  test("the forms of hosts, targets and addresses are their own forms", () => {
    const text = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.domain(),
      fc.ipV4(),
      fc.ipV6(),
      fc.webPath(),
      fc.string({ unit: fc.constantFrom(..."aA./%2eE0fx:[]-\u00e9;?&=") }),
      fc.webPath().map((path) => `/${path}/../x%2f%7e/`),
    );
    fc.assert(
      fc.property(text, (raw) => {
        const host = canonicalHost(raw);
        if (host !== null) expect(canonicalHost(host)).toBe(host);
        const address = canonicalAddress(raw);
        if (address !== null) {
          expect(canonicalAddress(address)).toBe(address);
          expect(addressClass(address)).toBe(addressClass(raw));
        }
        for (const allowEncodedSlash of [true, false]) {
          const target = canonicalPath(raw, { allowEncodedSlash });
          if (target === null) continue;
          const whole = target.query === "" ? target.path : `${target.path}?${target.query}`;
          expect(canonicalPath(whole, { allowEncodedSlash })).toEqual(target);
        }
      }),
      { numRuns: 2_000 },
    );
  });
  test("another spelling of the same host and target gets the same decision", () => {
    const escaped = (path: string, random: Random): string =>
      path.replace(/[A-Za-z0-9~_-]/g, (char) => (random.chance(20) ? `%${char.charCodeAt(0).toString(16)}` : char));
    forScenes((policy, request, before) => {
      const random = new Random(request.port);
      const [path = "/", ...query] = (request.path ?? "/").split("?");
      // Escapes that are there already would be escaped twice, which is refused.
      if (path.includes("%")) return false;
      const spelt = [escaped(path, random), ...query].join("?");
      const named = /^[\d.]+\.?$|:/.test(request.host)
        ? request.host
        : `${request.host.toUpperCase().replace(/\.$/, "")}${random.chance(50) ? "." : ""}`;
      const method = request.method?.toLowerCase();
      const other = {
        ...request,
        host: named,
        ...(method === undefined ? {} : { method, path: spelt }),
      };
      expect(decisionOf(policy, other)).toBe(before);
      return true;
    });
  });
});

describe("nothing throws", () => {
  const odd = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom("\ud800", "\udc00", "\u0000", "%", "/", "a") }),
    fc.constantFrom("", "/", "a".repeat(100_000), "/".repeat(100_000), "%2f".repeat(40_000), "[".repeat(50_000)),
  );
  test("decide, whatever the request holds", () => {
    const request = fc.record(
      {
        binary: fc.oneof(odd, fc.constant("/usr/bin/curl")),
        sha256: odd,
        script: odd,
        ancestors: fc.array(odd, { maxLength: 3 }),
        host: fc.oneof(odd, fc.constant("api.example.com")),
        port: fc.oneof(fc.constant(443), fc.double(), fc.integer()),
        method: fc.oneof(odd, fc.constantFrom("GET", "POST")),
        path: odd,
        headers: fc.dictionary(odd, odd, { maxKeys: 3 }),
        body: odd,
        ip: odd,
      },
      { requiredKeys: ["binary", "host", "port"] },
    );
    const policies = [1, 2, 3, 4, 5, 6].flatMap((seed) => {
      const found = scene(seed);
      return found === null ? [] : [compilePolicy(found.policy)];
    });
    expect(policies.length).toBeGreaterThan(3);
    fc.assert(
      fc.property(request, (asked) => {
        for (const compiled of policies) {
          const { decision, reason } = decide(compiled, asked, NOW_MS);
          expect(["allow", "deny", "would_deny"]).toContain(decision);
          expect(reason).not.toBe("");
        }
      }),
      { numRuns: 150 },
    );
  });
  test("parsePolicy, whatever the bytes are", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          odd,
          fc.uint8Array({ maxLength: 300 }).map((bytes) => String.fromCharCode(...bytes)),
        ),
        (text) => {
          const { policy, problems } = parsePolicy(text);
          expect(policy === null).toBe(problems.some(({ severity }) => severity === "error"));
        },
      ),
      { numRuns: 150 },
    );
  });
});
