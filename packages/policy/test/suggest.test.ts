import { describe, expect, it } from "vitest";
import {
  compilePolicy,
  createSuggestion,
  decide,
  diffLines,
  lintPolicy,
  type PolicyRequest,
  parsePolicy,
  parseRecordLine,
  type RecordedRequest,
  type Suggestion,
} from "../src/index.ts";
import { must } from "./support.ts";

const NOW = Date.parse("2026-06-01T00:00:00Z");
type Fields = Record<string, unknown>;

/** A request that monitor mode let pass. */
function seen(fields: Fields = {}): RecordedRequest {
  const parsed = parseRecordLine(
    JSON.stringify({
      time: "2026-05-01T10:00:00Z",
      sandbox: "sb-1",
      binary: "/usr/bin/curl",
      host: "api.example.com",
      port: 443,
      method: "GET",
      path: "/v1/items",
      decision: "would_deny",
      ...fields,
    }),
  );
  if (!parsed.ok || parsed.record === null) throw new Error(parsed.ok ? "no record" : parsed.problem);
  return parsed.record;
}

function suggest(records: Fields[], baseYaml?: string): Suggestion {
  const run = createSuggestion({ baseYaml, nowMs: NOW });
  for (const fields of records) run.add(seen(fields));
  return run.result();
}

const judge = (yaml: string, request: Partial<PolicyRequest>): string =>
  decide(
    compilePolicy(must(parsePolicy(yaml))),
    { binary: "/usr/bin/curl", host: "api.example.com", port: 443, method: "GET", path: "/", ...request },
    NOW,
  ).decision;
const times = (n: number, make: (i: number) => Fields): Fields[] => Array.from({ length: n }, (_, i) => make(i));
const words = (n: number): string[] =>
  times(n, (i) => ({ w: `w${"abcdefghijklmnopqrstuvwxyz"[i % 26]}${"xyz"[Math.floor(i / 26)]}` })).map((f) =>
    String(f.w),
  );

describe("a suggestion allows what was seen", () => {
  it("by program, host, port, method and path", () => {
    const { yaml, entries, covered } = suggest([{}, { method: "POST" }, { binary: "/usr/bin/git", path: "/x" }, {}]);
    expect({ entries, covered }).toEqual({ entries: 2, covered: 4 });
    expect(yaml).toBe(`version: 1
network_policies:
  curl:
    endpoints:
      - host: api.example.com
        port: 443
        protocol: rest
        rules:
          - allow: { method: GET, path: /v1/items }
          - allow: { method: POST, path: /v1/items }
    binaries:
      - path: /usr/bin/curl
  git:
    endpoints:
      - host: api.example.com
        port: 443
        protocol: rest
        rules:
          - allow: { method: GET, path: /x }
    binaries:
      - path: /usr/bin/git
`);
  });

  it("and nothing beside it: other programs, hosts, ports, methods, paths", () => {
    const { yaml } = suggest([{}]);
    expect(judge(yaml, { path: "/v1/items" })).toBe("allow");
    for (const canary of [
      { path: "/v1/items/1" },
      { path: "/v1/item" },
      { path: "/v1/items", method: "POST" },
      { path: "/v1/items", port: 8443 },
      { path: "/v1/items", host: "example.com" },
      { path: "/v1/items", host: "x.api.example.com" },
      { path: "/v1/items", binary: "/usr/bin/wget" },
      { path: "/v1/items", binary: "/usr/bin/wget", ancestors: ["/usr/bin/curl"] },
      { path: "/v1/items/../admin" },
    ])
      expect(judge(yaml, canary), JSON.stringify(canary)).toBe("deny");
  });

  it("relays unread only where nothing but connections was seen, and says so", () => {
    const raw = suggest([{ method: undefined, path: undefined, host: "db.example.com", port: 5432 }]);
    expect(raw.yaml).toContain("protocol: tcp");
    expect(raw.notes.map((n) => n.sentence).join(" ")).toContain("relayed unread");
    const mixed = suggest([{}, { kind: "connect", method: undefined, path: undefined }]);
    expect(mixed.yaml).not.toContain("tcp");
    expect(mixed.refused[0]?.reason).toContain("undo their inspection");
  });

  it("writes `%2F` paths apart, so that no other path gains the setting", () => {
    const { yaml } = suggest([{ path: "/p/@a%2Fb" }, { path: "/p/q" }]);
    expect(judge(yaml, { path: "/p/@a%2Fb" })).toBe("allow");
    expect(judge(yaml, { path: "/p/q" })).toBe("allow");
    expect(judge(yaml, { path: "/p/q%2Fr" })).toBe("deny");
  });

  it("takes a star in a path for itself", () => {
    const { yaml } = suggest([{ path: "/a*b" }]);
    expect(judge(yaml, { path: "/a*b" })).toBe("allow");
    expect(judge(yaml, { path: "/axb" })).toBe("deny");
  });

  it("has no errors, and no rule for HEAD where GET is allowed", () => {
    const { yaml } = suggest([{}, { method: "HEAD" }]);
    expect(yaml).not.toContain("HEAD");
    expect(lintPolicy(yaml, NOW)).toEqual([]);
  });

  it("says nothing to the inference host, which every program may ask unless the policy says otherwise", () => {
    const { yaml, alreadyAllowed } = suggest([{ host: "inference.local", method: "POST", path: "/v1/messages" }]);
    expect({ yaml, alreadyAllowed }).toEqual({ yaml: "version: 1\n", alreadyAllowed: 1 });
  });
});

describe("paths are joined only where the evidence is broad", () => {
  const items = (n: number) => times(n, (i) => ({ path: `/v1/items/${100 + i}` }));
  it("identifiers at five, not at four", () => {
    expect(suggest(items(4)).yaml).not.toContain("*");
    expect(suggest(items(5)).yaml).toContain('path: "/v1/items/*"');
  });
  it("words at twenty, not at nineteen", () => {
    const named = (n: number) => words(n).map((w) => ({ path: `/repos/acme/${w}/info` }));
    expect(suggest(named(19)).yaml).not.toContain("*");
    expect(suggest(named(20)).yaml).toContain('path: "/repos/acme/*/info"');
  });
  it("never the first segment, however many", () => {
    const { yaml } = suggest([
      ...times(150, (i) => ({ path: `/${i}` })),
      ...words(40).map((w) => ({ path: `/${w}/x` })),
    ]);
    expect(yaml).not.toContain("*");
  });
  it("never another method, host or the depth that was not seen", () => {
    const { yaml } = suggest(items(9));
    for (const canary of [{ method: "POST", path: "/v1/items/1" }, { path: "/v1/items/1/2" }, { path: "/v1/other/1" }])
      expect(judge(yaml, canary)).toBe("deny");
  });
  it("keeps a place with few identifiers as it is beside one with many", () => {
    const { yaml } = suggest(times(12, (i) => ({ path: `/orgs/${1 + (i % 2)}/users/${i}` })));
    expect(yaml).toContain('"/orgs/1/users/*"');
    expect(yaml).toContain('"/orgs/2/users/*"');
    expect(yaml).not.toContain("/orgs/*/");
  });
  it("`**` only for many paths of varying depth that nothing narrower describes", () => {
    // Each word stands at one place only once, so no single `*` can describe them.
    const file = (i: number) =>
      `/assets/${words(60)[i] ?? ""}${"/d".repeat(i % 3)}/${words(60)[(i * 7) % 60] ?? ""}.js`;
    expect(suggest(times(49, (i) => ({ path: file(i) }))).yaml).not.toContain("**");
    expect(suggest(times(50, (i) => ({ path: file(i) }))).yaml).toContain('path: "/assets/**"');
    const flat = times(60, (i) => ({ path: `/assets/${words(60)[i]}/${words(60)[(i * 7) % 60]}.js` }));
    expect(suggest(flat).yaml).not.toContain("**");
  });
  it("never a method that takes away, and one that writes only over identifiers", () => {
    const rules = (method: string, path: (i: number) => string): number =>
      (suggest(times(30, (i) => ({ method, path: path(i) }))).yaml.match(/- allow/g) ?? []).length;
    for (const method of ["DELETE", "PURGE", "PROPPATCH"]) expect(rules(method, (i) => `/items/${i}`)).toBe(30);
    for (const method of ["POST", "PUT", "PATCH"]) {
      expect(rules(method, (i) => `/items/${i}`)).toBe(1);
      expect(rules(method, (i) => `/items/${words(30)[i]}`)).toBe(30);
      for (const word of ["hooks", "keys", "deploy_keys", "members", "Collaborators", "tokens"])
        expect(
          rules(method, (i) => `/repos/a/${word}/${i}`),
          word,
        ).toBe(30);
    }
    expect(rules("GET", (i) => `/repos/a/hooks/${i}`)).toBe(1);
    const { notes } = suggest(times(30, (i) => ({ method: "PATCH", path: `/items/${i}` })));
    expect(notes[0]?.sentence).toContain("PATCH api.example.com/items/* writes, and stands for 30 paths");
    const secret = suggest([{ method: "DELETE", path: "/tokens/ghp_0123456789abcdefghijABCDEFGHIJ" }]);
    expect(secret.entries).toBe(0);
    expect(secret.refused[0]?.reason).toContain("for any other");
  });

  it("says how much a joined path stands for", () => {
    expect(suggest(items(6)).notes.map((n) => n.sentence)).toContain(
      "GET api.example.com/v1/items/* stands for 6 paths in 6 requests; the host was seen on 1 day by 1 sandbox.",
    );
  });
});

describe("a suggestion never proposes", () => {
  const refused = (fields: Fields) => {
    const { entries, refused: rows } = suggest([fields]);
    return { entries, rows: rows.length };
  };
  const no = { entries: 0, rows: 1 };
  it("addresses of clouds' metadata, of this host or of its network, in any spelling", () => {
    for (const host of [
      "169.254.169.254",
      "0xa9fea9fe",
      "2852039166",
      "0251.0376.0251.0376",
      "[::ffff:169.254.169.254]",
      "[fd00:ec2::254]",
      "[64:ff9b::a9fe:a9fe]",
      "168.63.129.16",
      "100.100.100.200",
      "127.0.0.1",
      "[::1]",
      "0.0.0.0",
      "10.0.0.7",
      "192.168.1.1",
      "172.16.0.1",
      "[fe80::1]",
      "[fc00::1]",
      "224.0.0.1",
      "metadata.google.internal",
      "METADATA.google.internal.",
      "localhost",
      "db.internal",
      "printer.local",
      "intranet",
      "169.254.169.254.nip.io",
      "169-254-169-254.sslip.io",
      "x.a9fea9fe.nip.io",
      "creel.local",
    ])
      expect(refused({ host }), host).toEqual(no);
  });
  it("what a name led to, when that is no public address", () => {
    expect(refused({ ip: "10.1.2.3" })).toEqual(no);
    expect(refused({ ip: "93.184.216.34" }).entries).toBe(1);
  });
  it("programs that the agent could have put there, or that nobody vouched for", () => {
    for (const binary of [
      "/tmp/curl",
      "/home/u/bin/x",
      "/workspace/a",
      "/dev/shm/x",
      "/root/x",
      "/run/x",
      "/usr/tmp/x",
      "/var/lib/tool/x",
      "/app/bin/x",
      "/srv/x",
      "/data/x",
      "/__w/repo/x",
      "/usr/bin/x (deleted)",
      "curl",
      "/usr/../tmp/x",
      "",
    ])
      expect(refused({ binary }), binary).toEqual(no);
    const run = createSuggestion({ nowMs: NOW, writableFolders: ["/opt/agent/"] });
    run.add(seen({ binary: "/opt/agent/tool" }));
    run.add(seen({ binary: "/opt/agents/tool" }));
    expect(run.result()).toMatchObject({ entries: 1, refused: [{ binary: "/opt/agent/tool" }] });
  });
  it("what was denied and not only recorded", () => {
    expect(refused({ decision: "deny" })).toEqual(no);
  });
  it("paths longer than a person reviews", () => {
    expect(refused({ path: `/${"a/".repeat(511)}b` }).entries).toBe(1);
    expect(refused({ path: `/${"a/".repeat(511)}bc` })).toEqual(no);
  });
  it("targets and methods without one reading", () => {
    for (const fields of [
      { path: "/a;b" },
      { path: "/../x" },
      { path: "http://x/" },
      { method: "CONNECT" },
      { method: "ge t" },
      { method: "WEBSOCKET_TEXT" },
      { method: "WEBSOCKET_BINARY" },
    ])
      expect(refused(fields), JSON.stringify(fields)).toEqual(no);
    expect(refused({ headers: { Upgrade: "websocket" } })).toEqual(no);
    expect(refused({ headers: { "X-HTTP-Method-Override": "DELETE" } })).toEqual(no);
  });
  it("names that spell an address, or lead to this host or a cluster by custom", () => {
    const refused = (host: string) => suggest([{ host }]).refused[0]?.reason ?? null;
    for (const host of [
      "0xa9fea9fe.nip.io",
      "2852039166.nip.io",
      "0177.0.0.1.nip.io",
      "93-184-216-34.sslip.io",
      "0xa9fea9fe.evil.example",
      "a.2852039166.evil.example",
      "x-2852039166.evil.example",
      "025177524776.evil.example",
      "0177.0.0.1.evil.example",
      "0x7f-0-0-1.evil.example",
      "0251.0376.0251.0376.evil.example",
      "10-0-0-1.evil.example",
      "a9fea9fe.evil.example",
      "lvh.me",
      "app.lvh.me",
      "localtest.me",
      "localhost.evil.example",
      "a.localhost.evil.example",
      "db.default.svc",
      "db.default.svc.cluster.local",
      "db.default.svc.cluster.example",
      "printer.local",
      "vault.internal",
      "vault",
    ])
      expect(refused(host), host).toMatch(/address|lead to/);
    for (const host of [
      "ec2-52-94-76-1.eu-west-1.compute.example.com",
      "v1-2-3.example.com",
      "2024-01-05.example.com",
      "123456789012.example.com",
      "4294967296.example.com",
      "16777215.example.com",
      "svc.example.com",
      "local.example.com",
      "notlvh.me",
    ])
      expect(refused(host), host).toBeNull();
    expect(refused("16777216.example.com")).toContain("spells an address");
    expect(refused("4294967295.example.com")).toContain("spells an address");
  });

  it("many names below one domain, also when several programs share them out", () => {
    const programs = ["/usr/bin/curl", "/usr/bin/wget", "/usr/bin/node"];
    const shared = times(45, (i) => ({ binary: programs[i % 3], host: `d${i}.evil.com` }));
    expect(suggest(shared)).toMatchObject({ entries: 0, covered: 0 });
    expect(suggest(shared.slice(0, 20)).entries).toBe(3);
  });

  it("names that carry data, alone or by their number", () => {
    expect(refused({ host: "mfzwizlomruw4zdfmzsw4y3pnzsw45dj2.example.com" })).toEqual(no);
    const many = (n: number) => suggest(times(n, (i) => ({ host: `h${i}.drop.example.net` })));
    expect(many(20)).toMatchObject({ entries: 1, refused: [] });
    expect(many(20).notes[0]?.sentence).toContain("20 names below example.net");
    expect(many(21)).toMatchObject({ entries: 0, covered: 0 });
    expect(many(51).refused[0]?.reason).toContain("51 names below example.net");
  });
  it("a secret of a path, in the file or in what is said about it", () => {
    const token = "aB3dE5fG7hI9jK1lM3nO5pQ7";
    const inside = suggest([{ method: "POST", path: `/services/T0/${token}` }]);
    expect(inside.yaml).toContain('"/services/T0/*"');
    expect(inside.notes.some((n) => n.sentence.includes("something like a secret"))).toBe(true);
    const first = suggest([{ method: "POST", path: "/bot123456789:AAF-abcdefghijklmnopqrstuvwxyz012345/sendMessage" }]);
    expect(first.entries).toBe(0);
    const denied = suggest([{ decision: "deny", path: `/x/${token}` }]);
    for (const result of [inside, first, denied]) {
      expect(JSON.stringify(result)).not.toContain(token);
      expect(JSON.stringify(result)).not.toContain("AAF-");
    }
  });
  it("more than a person can review: too many rules, paths, hosts or programs are refused whole", () => {
    const rules = (n: number) =>
      suggest(words(n > 78 ? 78 : n).flatMap((w, i) => times(n > 78 ? 3 : 1, (k) => ({ path: `/${w}${k}/${i}` }))));
    expect(rules(60).entries).toBe(1);
    expect(suggest(times(200, (i) => ({ path: `/${i}` }))).entries).toBe(1);
    expect(suggest(times(201, (i) => ({ path: `/${i}` })))).toMatchObject({ entries: 0, covered: 0 });
    expect(suggest(times(200, (i) => ({ binary: `/usr/bin/p${i}` }))).entries).toBe(200);
    expect(suggest(times(201, (i) => ({ binary: `/usr/bin/p${i}` })))).toMatchObject({ entries: 0, covered: 0 });
  });
});

describe("what a reviewer should see first", () => {
  it("hosts seen seldom, late, by one sandbox, on odd ports or without a name", () => {
    const usual = times(40, (i) => ({
      time: `2026-05-${String(1 + (i % 20)).padStart(2, "0")}T10:00:00Z`,
      sandbox: `sb-${i % 3}`,
    }));
    const { notes } = suggest([
      ...usual,
      { host: "late.example.com", time: "2026-05-20T09:00:00Z" },
      { host: "odd.example.com", port: 8444, time: "2026-05-02T09:00:00Z" },
      { host: "93.184.216.34", time: "2026-05-02T09:00:00Z" },
    ]);
    const said = notes.map((n) => n.sentence);
    expect(said[0]).toBe("93.184.216.34:443 is an address without a name, so nothing says whose it is.");
    expect(said[1]).toBe("late.example.com:443 was first seen in the last tenth of the journal's time, once.");
    expect(said).toContain("odd.example.com:8444 was seen once only.");
    expect(said).toContain("Port 8444 of odd.example.com is none of the usual web ports.");
    expect(said.some((s) => s.startsWith("api.example.com"))).toBe(false);
  });
});

describe("a suggestion for a base", () => {
  const base = `# our policy
version: 1
mode: monitor
network_policies:
  curl:   # reads
    endpoints:
      - {host: api.example.com, port: 443, protocol: rest, access: read-only, deny_rules: [{method: "*", path: "/admin/**"}]}
    binaries:
      - path: /usr/bin/curl
`;
  it("adds entries only for what the base denies, and keeps its every byte", () => {
    const { yaml, alreadyAllowed, covered, entries } = suggest([{}, { method: "POST" }], base);
    expect({ alreadyAllowed, covered, entries }).toEqual({ alreadyAllowed: 1, covered: 1, entries: 1 });
    const lines = diffLines(base, yaml);
    expect(lines.filter((line) => line.kind === "removed")).toEqual([]);
    expect(lines.filter((line) => line.kind === "added").map((line) => line.text)).toEqual([
      "      - host: api.example.com",
      "        port: 443",
      "        protocol: rest",
      "        rules:",
      "          - allow: { method: POST, path: /v1/items }",
    ]);
    expect(judge(yaml, { method: "POST", path: "/v1/items" })).toBe("allow");
  });
  it("never goes past a deny, neither plainly nor by joining", () => {
    const plain = suggest([{ method: "POST", path: "/admin/x" }], base);
    expect(plain.yaml).toBe(base);
    expect(plain.refused[0]?.reason).toContain("Denied by curl.deny_rules[0]");
    const denied = base.replace("/admin/**", "/v1/items/666");
    const joined = suggest(
      times(9, (i) => ({ method: "POST", path: `/v1/items/${i}` })),
      denied,
    );
    expect(joined.yaml).not.toContain('"/v1/items/*"');
    expect(joined.covered).toBe(9);
  });
  it("leaves the base's own tests true", () => {
    const test = (request: string) =>
      `${base}tests:\n  - {request: {binary: /usr/bin/curl, host: api.example.com, port: 443${request}}, expect: would_deny}\n`;
    const posts = times(9, (i) => ({ method: "POST", path: `/v1/items/${i}` }));
    const one = suggest(posts, test(", method: POST, path: /v1/items/3"));
    expect(one).toMatchObject({ covered: 8, entries: 1 });
    expect(one.refused[0]).toMatchObject({
      path: "/v1/items/3",
      reason: "One of the base's own `tests` expects this to be denied.",
    });
    expect(one.yaml).not.toContain('"/v1/items/*"');
    const unseen = suggest(posts, test(", method: POST, path: /v1/items/77"));
    expect(unseen.covered).toBe(9);
    for (const { yaml } of [one, unseen])
      expect(lintPolicy(yaml, NOW).filter((p) => p.severity === "error")).toEqual([]);
    const raw = suggest(
      [{ port: 5432, method: undefined, path: undefined }],
      test("").replace("port: 443}", "port: 5432}"),
    );
    expect(raw.entries).toBe(0);
  });
  it("leaves alone a host that another entry judges by its bodies", () => {
    const graphql = base
      .replace("protocol: rest, access: read-only", "protocol: graphql, access: read-only")
      .replace(/, deny_rules.*\]/, "");
    const { refused, entries } = suggest([{ method: "PUT", path: "/graphql" }], graphql);
    expect(entries).toBe(0);
    expect(refused[0]?.reason).toContain("protocol graphql");
  });
  it("tells of an entry that somebody let expire", () => {
    const expired = base.replace("    endpoints:", "    expires_at: 2026-01-01T00:00:00Z\n    endpoints:");
    expect(suggest([{}], expired).notes[0]?.sentence).toContain("somebody let it expire");
  });
  it("refuses a base with errors", () => {
    expect(() => suggest([{}], "version: 2\n")).toThrow("The file has errors");
  });
  it("extends the program's own entry, and makes one of its own where that has conditions", () => {
    const post = [{ method: "POST" }];
    expect(Object.keys(must(parsePolicy(suggest(post, base).yaml)).network_policies)).toEqual(["curl"]);
    for (const [was, is] of [
      ["    binaries:", "    expires_at: 2027-01-01T00:00:00Z\n    binaries:"],
      ["    binaries:", "    limits: {requests: 5, per: hour}\n    binaries:"],
      ["- path: /usr/bin/curl", "- path: /usr/bin/curl\n      - path: /usr/bin/wget"],
      ["    binaries:", "    ticket: SEC-7\n    binaries:"],
      ["- path: /usr/bin/curl", '- path: "/usr/bin/*"'],
      ["- path: /usr/bin/curl", "- {path: /usr/bin/curl, inherit: true}"],
    ] as const) {
      const { yaml } = suggest(post, base.replace(was, is));
      expect(Object.keys(must(parsePolicy(yaml)).network_policies).length, is).toBe(2);
      expect(judge(yaml, { method: "POST", path: "/v1/items" }), is).toBe("allow");
      expect(judge(yaml, { method: "POST", path: "/v1/items", binary: "/usr/bin/wget" }), is).not.toBe("allow");
    }
  });
  it("works in every layout of a base", () => {
    for (const layout of [
      "version: 1\n",
      "version: 1",
      "version: 1\nnetwork_policies:\n",
      "version: 1\nnetwork_policies: {}\n",
      "{version: 1, network_policies: {x: {endpoints: [{host: a.example.com, port: 443}], binaries: [{path: /usr/bin/x}]}}}\n",
      "version: 1\r\nnetwork_policies:\r\n  x:\r\n    endpoints: []\r\n    binaries: []\r\n",
    ])
      expect(judge(suggest([{}], layout).yaml, { path: "/v1/items" }), layout).toBe("allow");
  });
});
