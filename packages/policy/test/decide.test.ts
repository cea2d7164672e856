import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decide, namesHost, type PolicyRequest, planEndpoint } from "../src/index.ts";
import { compiled, judgeOf } from "./support.ts";

const REST = "host: api.example.com, port: 443, protocol: rest";
const CURL = { binary: "/usr/bin/curl", host: "api.example.com", port: 443 };

describe("by default", () => {
  test("an empty policy denies every request but the model host's", () => {
    const nothing = compiled("version: 1\n");
    const any = fc.record({
      binary: fc.oneof(fc.constant("/usr/bin/curl"), fc.string()),
      host: fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6(), fc.string()),
      port: fc.integer({ min: -1, max: 70_000 }),
      method: fc.option(fc.constantFrom("GET", "POST", "X"), { nil: undefined }),
      path: fc.option(fc.webPath(), { nil: undefined }),
      ip: fc.option(fc.ipV4(), { nil: undefined }),
    });
    fc.assert(
      fc.property(any, (request) => {
        expect(decide(nothing, request, 0).decision).toBe("deny");
      }),
      { numRuns: 2_000 },
    );
    expect(decide(nothing, { ...CURL, host: "inference.local" }, 0)).toMatchObject({
      decision: "allow",
      rule: "inference",
    });
  });

  test("enforcement that was left out blocks (in OpenShell it only logs)", () => {
    expect(judgeOf(`{${REST}, access: read-only}`)({ method: "POST", path: "/" })).toBe("deny");
    expect(judgeOf(`{${REST}, access: read-only, enforcement: audit}`)({ method: "POST", path: "/" })).toBe(
      "would_deny",
    );
  });
});

describe("who asks", () => {
  const policy = (binary: string) =>
    compiled(
      `version: 1\nnetwork_policies:\n  x:\n    endpoints: [{${REST}, access: full}]\n    binaries: [${binary}]\n`,
    );
  const by = (binary: string, request: Partial<PolicyRequest>) =>
    decide(policy(binary), { ...CURL, ...request }, 0).decision;

  test("a child of an allowed program is denied unless the policy says inherit", () => {
    const child = { binary: "/tmp/evil", ancestors: ["/usr/bin/curl", "/bin/sh"] };
    expect(by("{path: /usr/bin/curl}", child)).toBe("deny");
    expect(by("{path: /usr/bin/curl, inherit: true}", child)).toBe("allow");
    expect(by("{path: /usr/bin/cur*, inherit: true}", child)).toBe("allow");
    expect(by("{path: /usr/bin/wget, inherit: true}", child)).toBe("deny");
  });
  test("a pinned digest must be known and equal", () => {
    const pin = "a".repeat(64);
    expect(by(`{path: /usr/bin/curl, sha256: ${pin}}`, { sha256: pin })).toBe("allow");
    expect(by(`{path: /usr/bin/curl, sha256: ${pin}}`, { sha256: pin.toUpperCase() })).toBe("allow");
    expect(by(`{path: /usr/bin/curl, sha256: ${pin}}`, { sha256: "b".repeat(64) })).toBe("deny");
    expect(by(`{path: /usr/bin/curl, sha256: ${pin}}`, {})).toBe("deny");
    expect(
      by(`{path: /usr/bin/curl, sha256: ${pin}, inherit: true}`, { binary: "/tmp/evil", ancestors: ["/usr/bin/curl"] }),
    ).toBe("deny");
  });
  test("a script must be known and match", () => {
    expect(by("{path: /usr/bin/curl, script: /opt/*.py}", { script: "/opt/a.py" })).toBe("allow");
    expect(by("{path: /usr/bin/curl, script: /opt/*.py}", {})).toBe("deny");
  });
  test.each(["", "curl", "/usr/bin/../tmp/curl", "/usr/bin/./curl", "/usr/bin/curl (deleted)", "/usr/bin/curl\u0000"])(
    "%j is not /usr/bin/curl",
    (binary) => expect(by("{path: /usr/bin/curl}", { binary })).toBe("deny"),
  );
  test("an entry that names nobody allows nobody", () => expect(by("", {})).toBe("deny"));
});

describe("a deny rule", () => {
  const github = judgeOf(
    `{${REST}, access: read-write, deny_rules: [{method: POST, path: "/repos/*/*/pulls/*/reviews"}, {method: "*", path: "/admin/**"}, {method: GET, path: /q, query: {scope: "admin*"}}]}`,
  );
  const post = (path: string) => github({ method: "POST", path });
  test.each([
    ["the path itself", "/repos/NVIDIA/OpenShell/pulls/1/reviews"],
    ["a trailing slash", "/repos/NVIDIA/OpenShell/pulls/1/reviews/"],
    ["another case", "/REPOS/NVIDIA/OpenShell/Pulls/1/Reviews"],
    ["an encoded letter", "/repos/NVIDIA/OpenShell/pulls/1/%72eviews"],
    ["dot segments", "/repos/NVIDIA/x/../OpenShell/pulls/./1/reviews"],
    ["a double slash", "/repos//NVIDIA/OpenShell/pulls/1/reviews"],
    ["a query", "/repos/NVIDIA/OpenShell/pulls/1/reviews?x=1"],
    ["the directory without its slash", "/admin"],
    ["what lies below", "/admin/a/b"],
  ])("is not slipped past by %s", (_, path) => expect(post(path)).toBe("deny"));

  test("leaves the rest allowed", () => expect(post("/repos/NVIDIA/OpenShell/pulls/1/comments")).toBe("allow"));
  test("on a query holds for any of several values, in any case, and not for a missing one", () => {
    expect(github({ method: "GET", path: "/q?scope=user&scope=admin.all" })).toBe("deny");
    expect(github({ method: "GET", path: "/q?SCOPE=Admin" })).toBe("deny");
    expect(github({ method: "GET", path: "/q?scope=%61dmin" })).toBe("deny");
    expect(github({ method: "GET", path: "/q?x=admin" })).toBe("allow");
  });
  test("holds against a method named in a header", () => {
    const judge = judgeOf(`{${REST}, access: full, deny_rules: [{method: DELETE, path: "/**"}]}`);
    expect(judge({ method: "POST", path: "/x", headers: { "X-HTTP-Method-Override": "delete" } })).toBe("deny");
    expect(judge({ method: "POST", path: "/x", headers: {} })).toBe("allow");
  });
  test("holds against a method named in a form", () => {
    const judge = judgeOf(`{${REST}, access: full, deny_rules: [{method: DELETE, path: "/**"}]}`);
    const headers = { "Content-Type": "application/x-www-form-urlencoded; charset=utf-8" };
    const post = (body: string) => judge({ method: "POST", path: "/x", headers, body });
    for (const body of [
      "_method=delete",
      "a=1&_method=DELETE",
      "%5Fmethod=d%45lete",
      "_METHOD=+delete",
      "_method=PUT&_method=DELETE",
    ])
      expect(post(body), body).toBe("deny");
    for (const body of ["method=delete", "_method=put", "_method=not a method", "a=_method=DELETE"])
      expect(post(body), body).toBe("allow");
    expect(post("_method=A&_method=B&_method=C&_method=D")).toBe("allow");
    expect(post("_method=A&_method=B&_method=C&_method=D&_method=E")).toBe("deny");
    expect(judge({ method: "POST", path: "/x", headers: {}, body: "_method=delete" })).toBe("allow");
  });
  test("beats every allow, of whichever entry", () => {
    const path = fc.constantFrom("/a", "/a/b", "/A", "/a/", "/b", "/%61");
    const method = fc.constantFrom("GET", "POST", "HEAD");
    fc.assert(
      fc.property(
        path,
        method,
        fc.constantFrom("/a", "/a/**", "/**", "/b"),
        fc.constantFrom("GET", "POST", "*"),
        fc.boolean(),
        (target, m, denyPath, denyMethod, last) => {
          const allowing = `  ${last ? "a" : "y"}:\n    endpoints: [{${REST}, access: full}]\n    binaries: [{path: /usr/bin/curl}]\n`;
          const denying = `  x:\n    endpoints: [{${REST}, access: read-only, deny_rules: [{method: "${denyMethod}", path: "${denyPath}"}]}]\n    binaries: [{path: /usr/bin/*}]\n`;
          const policy = compiled(`version: 1\nnetwork_policies:\n${allowing}${denying}`);
          const plain = target.toLowerCase().replace("%61", "a").replace(/\/$/, "");
          const hit =
            denyPath === "/**" ||
            plain === denyPath ||
            (denyPath === "/a/**" && (plain === "/a" || plain.startsWith("/a/")));
          const methodHit = denyMethod === "*" || denyMethod === m || (denyMethod === "GET" && m === "HEAD");
          expect(decide(policy, { ...CURL, method: m, path: target }, 0).decision).toBe(
            hit && methodHit ? "deny" : "allow",
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("an allow rule", () => {
  test("GET implies HEAD and nothing else", () => {
    const judge = judgeOf(`{${REST}, rules: [{allow: {method: get, path: "/api/**"}}]}`);
    expect([
      judge({ method: "GET", path: "/api/x" }),
      judge({ method: "head", path: "/api/x" }),
      judge({ method: "OPTIONS", path: "/api/x" }),
    ]).toEqual(["allow", "allow", "deny"]);
  });
  test.each([
    ["read-only", "GET HEAD OPTIONS"],
    ["read-write", "GET HEAD OPTIONS POST PUT PATCH"],
    ["full", "GET HEAD OPTIONS POST PUT PATCH DELETE TRACE PROPFIND"],
  ])("access %s is %s", (access, expected) => {
    const judge = judgeOf(`{${REST}, access: ${access}}`);
    const methods = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "CONNECT"];
    expect(methods.filter((method) => judge({ method, path: "/x" }) === "allow").join(" ")).toBe(expected);
  });
  test("a query matcher needs the parameter, and all its values", () => {
    const judge = judgeOf(
      `{${REST}, rules: [{allow: {method: GET, path: /d, query: {tag: {any: ["v1.*", "v2.*"]}}}}]}`,
    );
    expect(
      ["/d?tag=v1.2.3", "/d?tag=v1.0&tag=v2.0", "/d?tag=v1.0&tag=x", "/d", "/d?TAG=v1.0"].map((path) =>
        judge({ method: "GET", path }),
      ),
    ).toEqual(["allow", "allow", "deny", "deny", "deny"]);
  });
  test("an encoded slash passes only where the endpoint says so", () => {
    expect(judgeOf(`{${REST}, access: full}`)({ method: "GET", path: "/@s%2fn" })).toBe("deny");
    expect(judgeOf(`{${REST}, access: full, allow_encoded_slash: true}`)({ method: "GET", path: "/@s%2fn" })).toBe(
      "allow",
    );
  });
  test("a wide endpoint does not undo what a narrow one demands", () => {
    const judge = judgeOf(
      "{host: api.example.com, port: 443, protocol: rest, access: full}, {host: api.example.com, port: 443, path: /graphql, protocol: graphql, access: read-only}",
    );
    const body = JSON.stringify({ query: "mutation { deleteAll }" });
    for (const path of ["/graphql", "/graphql/", "/GraphQL", "/%67raphql"])
      expect(judge({ method: "POST", path, body })).toBe("deny");
    expect(judge({ method: "POST", path: "/other", body })).toBe("allow");
  });
  test("request conditions on headers and size must be known to hold", () => {
    const policy = compiled(
      `version: 1\nnetwork_policies:\n  x:\n    request: {headers: {Content-Type: application/json*}, max_body_bytes: 10}\n    endpoints: [{${REST}, access: full}]\n    binaries: [{path: /usr/bin/curl}]\n`,
    );
    const judge = (rest: Partial<PolicyRequest>) =>
      decide(policy, { ...CURL, method: "POST", path: "/", ...rest }, 0).decision;
    const headers = { "content-type": "application/json" };
    expect(judge({ headers, body: "{}" })).toBe("allow");
    expect(judge({ headers: { ...headers, "content-length": "11" } })).toBe("deny");
    expect(judge({ headers: { ...headers, "transfer-encoding": "chunked" } })).toBe("deny");
    expect(judge({ headers: {}, body: "{}" })).toBe("deny");
    expect(judge({ body: "{}" })).toBe("deny");
  });
  test("on rest an upgrade passes only where everything is allowed anyway", () => {
    const upgrade = { method: "GET", path: "/", headers: { Upgrade: "websocket" } };
    expect(judgeOf(`{${REST}, access: read-only}`)(upgrade)).toBe("deny");
    expect(judgeOf(`{${REST}, access: full}`)(upgrade)).toBe("allow");
  });
});

describe("addresses", () => {
  const open = judgeOf(`{${REST}, access: full}`);
  const covered = judgeOf(`{${REST}, access: full, allowed_ips: [10.1.0.0/16, "fd00::/8", 100.64.0.0/10]}`);
  test.each([
    "10.1.2.3",
    "192.168.1.1",
    "127.0.0.1",
    "169.254.169.254",
    "::1",
    "::ffff:10.1.2.3",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::",
    "fd00:ec2::254",
    "168.63.129.16",
    "100.100.100.200",
    "0.0.0.0",
    "224.0.0.1",
    "not an address",
  ])("an allowed name that resolves to %s is denied", (ip) => expect(open({ ip })).toBe("deny"));
  test("allowed_ips open private addresses, and then only those", () => {
    expect(open({ ip: "93.184.216.34" })).toBe("allow");
    expect([covered({ ip: "10.1.2.3" }), covered({ ip: "::ffff:10.1.2.3" }), covered({ ip: "fd12::1" })]).toEqual([
      "allow",
      "allow",
      "allow",
    ]);
    expect([covered({ ip: "10.2.0.1" }), covered({ ip: "93.184.216.34" })]).toEqual(["deny", "deny"]);
  });
  test("nothing opens metadata inside an allowed range", () => {
    for (const ip of ["fd00:ec2::254", "100.100.100.200"]) expect(covered({ ip })).toBe("deny");
  });
  test("a host that is an address is judged as one, in any spelling", () => {
    for (const host of ["127.0.0.1", "0x7f.1", "2852039166", "[::ffff:a9fe:a9fe]"])
      expect(judgeOf("{port: 443, allowed_ips: [10.0.0.0/16]}")({ host })).toBe("deny");
    expect(judgeOf("{host: 10.0.0.5, port: 443}")({ host: "10.0.0.5" })).toBe("deny");
    expect(judgeOf("{host: 10.0.0.5, port: 443, allowed_ips: [10.0.0.5]}")({ host: "10.0.0.5" })).toBe("allow");
  });
  test("an endpoint without host is bound to its addresses", () => {
    const hostless = judgeOf("{port: 443, allowed_ips: [10.0.0.0/16]}");
    expect([
      hostless({ host: "any.example", ip: "10.0.1.1" }),
      hostless({ host: "any.example" }),
      hostless({ host: "10.0.1.1" }),
    ]).toEqual(["allow", "deny", "allow"]);
  });
});

describe("time and mode", () => {
  const at = Date.parse("2026-06-01T00:00:00Z");
  const timed = compiled(
    `version: 1\nnetwork_policies:\n  x:\n    expires_at: 2026-06-01T00:00:00Z\n    endpoints: [{${REST}, access: full}]\n    binaries: [{path: /usr/bin/curl}]\n`,
  );
  test("an entry ends at its expiry", () => {
    expect(decide(timed, CURL, at - 1).decision).toBe("allow");
    expect(decide(timed, CURL, at)).toMatchObject({ decision: "deny", reason: expect.stringContaining("expired") });
  });
  const monitor = compiled(
    `version: 1\nmode: monitor\nmonitor_until: 2026-06-01T00:00:00Z\nnetwork_policies:\n  x:\n    endpoints: [{${REST}, access: read-only}]\n    binaries: [{path: /usr/bin/curl}]\n`,
  );
  test("monitor mode lets pass what it would deny, until it ends", () => {
    for (const request of [
      { ...CURL, host: "other.example" },
      { ...CURL, method: "POST", path: "/" },
      { ...CURL, binary: "/bin/x" },
    ]) {
      expect(decide(monitor, request, at - 1).decision).toBe("would_deny");
      expect(decide(monitor, request, at).decision).toBe("deny");
    }
    expect(planEndpoint(monitor, { ...CURL, host: "other.example" }, at - 1)).toMatchObject({
      handling: "inspect",
      wouldDeny: true,
    });
    expect(planEndpoint(monitor, { ...CURL, host: "other.example" }, at)).toBeNull();
    expect([namesHost(monitor, "other.example", at - 1), namesHost(monitor, "other.example", at)]).toEqual([
      true,
      false,
    ]);
  });
  test("monitor mode never lets pass what protects the host", () => {
    for (const request of [
      { ip: "169.254.169.254" },
      { ip: "10.0.0.1" },
      { host: "127.0.0.1" },
      { host: "other.example", ip: "192.168.0.1" },
      { binary: "" },
      { method: "GET", path: "/a%00" },
      { method: "CONNECT", path: "/" },
    ])
      expect(decide(monitor, { ...CURL, ...request }, at - 1).decision).toBe("deny");
  });
});

describe("the model host", () => {
  const ask = (section: string, request: Partial<PolicyRequest> = {}) =>
    decide(compiled(`version: 1\n${section}`), { ...CURL, host: "inference.local", ...request }, 0).decision;
  test("is allowed without a section, on its port alone", () =>
    expect([ask(""), ask("", { port: 22 })]).toEqual(["allow", "deny"]));
  test("can be switched off or given to some programs", () => {
    expect(ask("inference: {enabled: false}\n")).toBe("deny");
    expect(ask("inference: {binaries: [{path: /usr/bin/node}]}\n")).toBe("deny");
    expect(ask("inference: {binaries: [{path: /usr/bin/curl}]}\n")).toBe("allow");
  });
  test("allows only the models named, and none where the body cannot be read", () => {
    const post = (body?: string) =>
      ask('inference: {models: ["nvidia/*"]}\n', { method: "POST", path: "/v1/chat/completions", body });
    expect(post('{"model":"nvidia/nemotron"}')).toBe("allow");
    for (const body of [
      undefined,
      "",
      "{}",
      '{"model":"gpt"}',
      '{"model":"nvidia/x","model":"gpt"}',
      '{"model":"nvidia/x","Model":"gpt"}',
    ])
      expect(post(body)).toBe("deny");
  });
  test("is decided by entries that name it when there is no section", () => {
    const entry =
      "network_policies:\n  m:\n    endpoints: [{host: inference.local, port: 443, protocol: rest, rules: [{allow: {method: GET, path: /v1/models}}]}]\n    binaries: [{path: /usr/bin/curl}]\n";
    expect([
      ask(entry, { method: "GET", path: "/v1/models" }),
      ask(entry, { method: "POST", path: "/v1/x" }),
      ask(entry, { binary: "/bin/x" }),
    ]).toEqual(["allow", "deny", "deny"]);
  });
});

describe("planEndpoint and namesHost", () => {
  const policy = compiled(`version: 1
network_policies:
  a: {endpoints: [{${REST}, access: read-only, allow_encoded_slash: true}], binaries: [{path: /usr/bin/curl}], limits: {requests: 5, per: minute}}
  b: {endpoints: [{host: "**.db.example.com", port: 5432, protocol: tcp, allowed_ips: [10.1.0.0/16]}], binaries: [{path: /usr/bin/psql}]}
  c: {endpoints: [{host: mcp.example.com, port: 443, protocol: mcp, mcp: {max_body_bytes: 1000}, rules: [{allow: {method: ping}}]}], binaries: [{path: /usr/bin/node}]}
`);
  test("says how to treat a connection, and null where it is denied", () => {
    expect(planEndpoint(policy, CURL, 0)).toEqual({
      handling: "inspect",
      rule: "a",
      allowedIps: [],
      wouldDeny: false,
      allowEncodedSlash: true,
      bodyBytesMax: 0,
      webSocketText: false,
      limits: { requests: 5, per: "minute" },
    });
    expect(planEndpoint(policy, { binary: "/usr/bin/psql", host: "EU.db.example.com.", port: 5432 }, 0)).toMatchObject({
      handling: "raw",
      rule: "b",
      allowedIps: ["10.1.0.0/16"],
    });
    expect(planEndpoint(policy, { binary: "/usr/bin/node", host: "mcp.example.com", port: 443 }, 0)).toMatchObject({
      handling: "inspect",
      bodyBytesMax: 1000,
    });
    for (const other of [
      { ...CURL, binary: "/bin/x" },
      { ...CURL, port: 80 },
      { ...CURL, host: "x.example" },
      { ...CURL, host: "169.254.169.254" },
    ])
      expect(planEndpoint(policy, other, 0)).toBeNull();
  });
  test("only names of the policy are resolved", () => {
    expect(
      ["api.example.com", "API.example.com.", "a.b.db.example.com", "inference.local"].map((host) =>
        namesHost(policy, host),
      ),
    ).toEqual([true, true, true, true]);
    expect(
      ["db.example.com", "secret.evil.example", "xapi.example.com", "", "a b"].map((host) => namesHost(policy, host)),
    ).toEqual([false, false, false, false, false]);
  });
});

test("a fail-closed middleware that cannot run denies what it covers", () => {
  const middleware =
    "network_middlewares:\n  m: {middleware: openshell/regex, endpoints: {include: ['*.example.com'], exclude: [free.example.com]}}\n";
  const judge = judgeOf(`{${REST}, access: full}, {host: free.example.com, port: 443}`, middleware);
  expect([judge({}), judge({ host: "free.example.com" })]).toEqual(["deny", "allow"]);
});

test("another spelling of a narrow endpoint's path neither falls to a wider endpoint nor is allowed", () => {
  const judge = judgeOf(`{${REST}, path: "/api/**", access: read-only}, {${REST}, access: full}`);
  const paths = ["/api/x", "/API/x", "/api", "/%61pi/x", "/other"];
  expect(paths.map((path) => judge({ method: "GET", path }))).toEqual(["allow", "deny", "deny", "allow", "allow"]);
  expect(judge({ method: "DELETE", path: "/Api/x" })).toBe("deny");
});

test("a method or target without one reading is denied at the model host too", () => {
  const policy = compiled("version: 1\ninference: {models: [m]}\n");
  const ask = (request: Partial<PolicyRequest>) =>
    decide(policy, { ...CURL, host: "inference.local", body: '{"model":"m"}', ...request }, 0).decision;
  expect(ask({ method: "POST", path: "/v1/chat/completions" })).toBe("allow");
  expect(ask({ method: "CONNECT", path: "/v1/chat/completions" })).toBe("deny");
  expect(ask({ method: "POST", path: "/v1/%zz" })).toBe("deny");
  expect(ask({ method: "POST" })).toBe("deny");
});
