import { describe, expect, test } from "vitest";
import {
  addPreset,
  appliedPresets,
  decide,
  diffLines,
  findPreset,
  lintPolicy,
  nearestPreset,
  nearestTier,
  PolicyEditError,
  type PolicyRequest,
  parsePolicy,
  presets,
  presetYaml,
  removePreset,
  tiers,
  tierYaml,
} from "../src/index.ts";
import { entryChecksum } from "../src/presets/entry.ts";
import { compiled, must } from "./support.ts";

const examples = (name: string) =>
  Object.fromEntries(
    (findPreset(name)?.parameters ?? []).filter((p) => p.optional !== true).map((p) => [p.name, p.example]),
  );
/** What an interpreter runs is not known to the kernel, so presets for npm, pip and agents in Node or Python say so and no more. */
const DOCUMENTED = new Set(["interpreter"]);

const BASE = `# Our policy; ask Ada before you change it.
version: 1

network_policies:
  own:   # the tracker
    endpoints: [{host: tickets.example.com, port: 443, protocol: rest, access: read-only}]
    binaries: [ {path: /usr/bin/curl} ]   # only this

# The rest is fixed.
landlock:
  compatibility: best_effort
`;

describe.each(presets.map((preset) => [preset.name, preset] as const))("preset %s", (name, preset) => {
  const text = presetYaml(name, examples(name));
  const policy = must(parsePolicy(text));
  const [entry] = Object.values(policy.network_policies);

  test("loads, and lint has nothing to say that is not documented", () => {
    expect(lintPolicy(text, 0).filter((problem) => !DOCUMENTED.has(problem.code))).toEqual([]);
    expect(preset.description).toMatch(/^[A-Z].*\.$/);
  });

  test("names its programs, and none by a pattern for everything", () => {
    expect(entry?.binaries.length).toBeGreaterThan(0);
    for (const { path } of entry?.binaries ?? []) {
      expect(path).toMatch(/^\/(usr|opt)\//);
      expect(path).not.toMatch(/\/\*\*$/);
    }
  });

  test("is inspected wherever the service allows", () => {
    const uninspected = entry?.endpoints.filter((endpoint) => endpoint.protocol === undefined) ?? [];
    expect(uninspected.length === 0 || ["whatsapp", "signal"].includes(name)).toBe(true);
    for (const endpoint of entry?.endpoints ?? []) {
      expect(endpoint.access).not.toBe("full");
      expect(endpoint.host).not.toMatch(/\*/);
      for (const { allow } of endpoint.rules ?? [])
        if (endpoint.protocol === "rest") expect(allow.method).not.toBe("*");
    }
  });

  test("applied twice is once; removed, the file is as it was; every other byte stays", () => {
    const once = addPreset(BASE, { name, parameters: examples(name) });
    expect(addPreset(once, { name, parameters: examples(name) })).toBe(once);
    expect(addPreset(once, { name })).toBe(once);
    expect(diffLines(BASE, once).filter((line) => line.kind === "removed")).toEqual([]);
    expect(appliedPresets(must(parsePolicy(once)))).toEqual([
      { name, entry: name, parameters: examples(name), state: "current" },
    ]);
    expect(removePreset(once, name)).toBe(BASE);
    expect(removePreset(BASE, name)).toBe(BASE);
  });
});

describe("what presets open", () => {
  const judge = (name: string, parameters = examples(name)) => {
    const policy = compiled(presetYaml(name, parameters));
    return (binary: string, host: string, method: string, path: string, more: Partial<PolicyRequest> = {}) =>
      decide(policy, { binary, host, port: 443, method, path, ...more }, 0).decision;
  };
  const git = "/usr/lib/git-core/git-remote-http";
  const node = "/opt/node/bin/node";

  test("github reads and does not push; github-write pushes and does not merge", () => {
    const reads = judge("github");
    expect(reads(git, "github.com", "POST", "/o/r.git/git-upload-pack")).toBe("allow");
    expect(reads(git, "github.com", "GET", "/o/r.git/info/refs?service=git-upload-pack")).toBe("allow");
    expect(reads(git, "github.com", "POST", "/o/r.git/git-receive-pack")).toBe("deny");
    expect(reads("/usr/bin/gh", "api.github.com", "DELETE", "/repos/o/r")).toBe("deny");
    expect(reads("/usr/bin/curl", "api.github.com", "GET", "/user")).toBe("deny");
    const graphql = (query: string) =>
      reads("/usr/bin/gh", "api.github.com", "POST", "/graphql", { body: JSON.stringify({ query }) });
    expect(graphql("{ viewer { login } }")).toBe("allow");
    expect(graphql("mutation { mergePullRequest(input: {}) { clientMutationId } }")).toBe("deny");
    const writes = judge("github-write");
    expect(writes(git, "github.com", "POST", "/o/r.git/git-receive-pack")).toBe("allow");
    expect(writes("/usr/bin/gh", "api.github.com", "POST", "/repos/o/r/pulls")).toBe("allow");
    expect(writes("/usr/bin/gh", "api.github.com", "PUT", "/repos/o/r/pulls/7/merge")).toBe("deny");
    expect(writes("/usr/bin/gh", "api.github.com", "POST", "/repos/o/r/keys")).toBe("deny");
  });

  test("registries are read where the user's own are, below the path named, and nothing is published", () => {
    const npm = judge("npm", { registry: "https://nexus.example.com/repository/npm/" });
    expect(npm(node, "nexus.example.com", "GET", "/repository/npm/@scope%2fname")).toBe("allow");
    expect(npm(node, "nexus.example.com", "GET", "/service/rest/v1/users")).toBe("deny");
    expect(npm(node, "nexus.example.com", "PUT", "/repository/npm/name")).toBe("deny");
    const two = judge("pypi", { registry: "index.example.com, files.example.com" });
    for (const host of ["index.example.com", "files.example.com"])
      expect(two("/usr/bin/python3.11", host, "GET", "/simple/x/")).toBe("allow");
  });

  test("a telegram bot sends and polls, and takes no payments", () => {
    const bot = judge("telegram");
    expect(bot(node, "api.telegram.org", "POST", "/bot1:x/sendMessage")).toBe("allow");
    expect(bot(node, "api.telegram.org", "GET", "/bot1:x/getUpdates")).toBe("allow");
    for (const path of ["/bot1:x/sendInvoice", "/bot1:x/SENDINVOICE/", "/bot1:x/setWebhook", "/bot1:x/logOut"])
      expect(bot(node, "api.telegram.org", "POST", path)).toBe("deny");
    expect(bot("/usr/bin/curl", "api.telegram.org", "POST", "/bot1:x/sendMessage")).toBe("deny");
  });

  test("a service on a private address is reached at that address only", () => {
    const policy = compiled(presetYaml("otlp", { host: "http://otel.example.com:4318", address: "10.20.0.0/16" }));
    const send = (ip: string) =>
      decide(policy, { binary: node, host: "otel.example.com", port: 4318, method: "POST", path: "/v1/traces", ip }, 0)
        .decision;
    expect([send("10.20.3.4"), send("10.21.0.1"), send("169.254.169.254"), send("127.0.0.1")]).toEqual([
      "allow",
      "deny",
      "deny",
      "deny",
    ]);
  });
});

describe("parameters", () => {
  test.each([
    [{}, /needs `registry`/],
    [{ registry: "https://user:pw@x.example" }, /no host name and no URL/],
    [{ registry: "https://x.example/?a=b" }, /no host name/],
    [{ registry: "*.example.com" }, /no host name/],
    [{ registry: "169.254.169.254" }, /metadata/],
    [{ registry: "https://x.example/*" }, /no single reading/],
    [{ registry: "ftp://x.example" }, /no host name/],
    [{ registry: "x.example", extra: "1" }, /no parameter `extra`/],
    [{ registry: Array.from({ length: 17 }, (_, i) => `r${i}.example.com`).join(",") }, /more than 16/],
  ])("%j are refused", (parameters, reason) => {
    expect(() => presetYaml("npm", parameters)).toThrow(reason);
    expect(() => presetYaml("npm", parameters)).toThrow(PolicyEditError);
  });
  test.each([
    ["gitlab", { host: "https://acme example" }, /`host`: "https:\/\/acme example" is not one host.*Write one host/],
    ["gitlab", { host: "a.example.com, b.example.com" }, /is not one host/],
    ["gitlab", { host: "https://gitlab.example.com/team/site" }, /carries the path `\/team\/site`.*without a path/],
    ["jira", { host: "localhost" }, /`host`: "localhost" is a loopback address, which is always denied/],
    ["jira", { host: "http://jira.localhost:8080/" }, /loopback/],
    ["jira", { host: "127.1" }, /loopback/],
    ["jira", { host: "[::1]" }, /loopback/],
    ["otlp", { host: "169.254.1.1" }, /link-local/],
    ["otlp", { host: "10.20.0.5:4318" }, /private address. Give `address` too/],
    ["npm", { registry: "https://a.example.com b.example.com" }, /holds a space. Write one host or URL, and commas/],
    ["npm", { registry: "http://localhost:4873" }, /loopback/],
  ])("%s %j is refused, and says what is wanted", (name, parameters, reason) => {
    expect(() => presetYaml(name, { ...parameters })).toThrow(reason);
    expect(() => presetYaml(name, { ...parameters })).toThrow(PolicyEditError);
  });
  test("a URL without a path is its host, and a private address opens where it is named", () => {
    expect(presetYaml("gitlab", { host: "https://gitlab.example.com/" })).toContain("host: gitlab.example.com");
    expect(presetYaml("otlp", { host: "10.20.0.5:4318", address: "10.20.0.5" })).toContain(
      'allowed_ips: ["10.20.0.5"]',
    );
  });
  test("what was misspelt is answered with what is near", () => {
    expect(nearestPreset("githb")).toBe("github");
    expect(nearestPreset("nonsense")).toBeNull();
    expect(nearestTier("restrictd")).toBe("restricted");
    expect(() => removePreset(BASE, "githb")).toThrow(/no preset of the name `githb` here. Did you mean `github`/);
    expect(() => removePreset(BASE, "nonsense")).toThrow(PolicyEditError);
  });
  test("the words of GOPROXY that are no hosts open nothing", () => {
    const hosts = (registry: string) =>
      must(parsePolicy(presetYaml("go", { registry }))).network_policies.go?.endpoints.map(({ host }) => host);
    expect(hosts("https://goproxy.example.com,direct")).toEqual(["goproxy.example.com"]);
    expect(hosts("https://a.example.com|https://b.example.com,off")).toEqual(["a.example.com", "b.example.com"]);
    expect(() => presetYaml("go", { registry: "direct" })).toThrow(/names no host/);
  });
  test("sixteen hosts are the most", () => {
    const registry = Array.from({ length: 16 }, (_, i) => `r${i}.example.com`).join(", ");
    expect(must(parsePolicy(presetYaml("npm", { registry }))).network_policies.npm?.endpoints).toHaveLength(16);
  });
  test("an unknown preset is answered with the nearest name", () => {
    expect(() => presetYaml("gihub")).toThrow(/Did you mean `github`/);
  });
});

describe("a preset in a file", () => {
  const npm = { name: "npm", parameters: { registry: "packages.example.com" } };
  const added = addPreset(BASE, npm);

  test("other parameters replace those of before, in place", () => {
    const moved = addPreset(addPreset(added, { name: "weather" }), {
      name: "npm",
      parameters: { registry: "mirror.example.com" },
    });
    expect(moved).not.toContain("packages.example.com");
    expect(Object.keys(must(parsePolicy(moved)).network_policies)).toEqual(["own", "npm", "weather"]);
    expect(moved.startsWith(BASE.slice(0, BASE.indexOf("\n\n# The rest")))).toBe(true);
  });

  test("an entry as an earlier version gave it is brought up to date", () => {
    const policy = must(parsePolicy(added));
    const checksum = policy.network_policies.npm?.preset?.checksum ?? "";
    expect(checksum).toMatch(/^[0-9a-f]{16}$/);
    // An earlier version: another rule, and the checksum that it would have had.
    const edited = added.replace("/-/npm/v1/security/audits/quick", "/-/older");
    const changed = must(parsePolicy(edited)).network_policies.npm;
    if (changed === undefined) throw new Error("lost");
    const old = edited.replace(checksum, checksumOf(edited));
    expect(appliedPresets(must(parsePolicy(old)))[0]?.state).toBe("outdated");
    expect(addPreset(old, { name: "npm" })).toBe(added);
  });

  test("an entry that a person changed is neither overwritten nor removed, and the message says what differs", () => {
    const changed = added.replace(
      '- allow: { method: GET, path: "/**" }',
      '- allow: { method: GET, path: "/left-pad/**" }',
    );
    expect(changed).not.toBe(added);
    expect(appliedPresets(must(parsePolicy(changed)))[0]?.state).toBe("changed");
    for (const edit of [() => addPreset(changed, npm), () => removePreset(changed, "npm")])
      expect(edit).toThrow(
        /- - allow: \{ method: GET, path: "\/\*\*" \}; \+ - allow: \{ method: GET, path: "\/left-pad\/\*\*" \}/,
      );
  });

  test("comments inside an entry are never lost by an update", () => {
    const commented = added.replace("        rules:", "        rules: # Ada agreed");
    expect(addPreset(commented, npm)).toBe(commented);
    expect(() => addPreset(commented, { name: "npm", parameters: { registry: "mirror.example.com" } })).toThrow(
      /holds comments/,
    );
  });

  test("a person's own entry of the same key stays, and the preset gets another", () => {
    const own = BASE.replace("  own:", "  npm:");
    const both = addPreset(own, npm);
    expect(Object.keys(must(parsePolicy(both)).network_policies)).toEqual(["npm", "npm_2"]);
    expect(removePreset(both, "npm")).toBe(own);
  });

  test("the same preset twice is an error that names both", () => {
    const twice = added.replace(
      /\n {2}npm:\n([\s\S]*?)\n\n/,
      (all, body: string) => `${all.trimEnd()}\n  npm_again:\n${body}\n\n`,
    );
    expect(() => addPreset(twice, npm)).toThrow(/`npm` and `npm_again`/);
  });

  test.each([
    ["no section", "version: 1\n"],
    ["an empty section", "version: 1\nnetwork_policies:\n"],
    ["braces", "version: 1\nnetwork_policies: {own: {endpoints: [], binaries: []}}\n"],
    ["empty braces", "version: 1\nnetwork_policies: {} # none\n"],
    ["Windows line ends", BASE.replaceAll("\n", "\r\n")],
  ])("works in %s", (_, text) => {
    const once = addPreset(text, npm);
    expect(must(parsePolicy(once)).network_policies.npm?.preset?.name).toBe("npm");
    expect(addPreset(once, npm)).toBe(once);
    expect(must(parsePolicy(removePreset(once, "npm"))).network_policies.npm).toBeUndefined();
    expect(once.includes("\r\n") && /[^\r]\n/.test(once)).toBe(false);
  });
});

/** The checksum the entry `npm` of this file would carry; read from the message-free path: a preset added by an earlier version. */
function checksumOf(text: string): string {
  const entry = must(parsePolicy(text)).network_policies.npm;
  if (entry === undefined) throw new Error("lost");
  return entryChecksum(entry);
}

describe("tiers", () => {
  test.each(tiers.map((tier) => [tier.name, tier] as const))(
    "%s loads, passes its own tests, and lint has nothing undocumented to say",
    (name, tier) => {
      const parameters = Object.fromEntries(
        tier.presets
          .filter((preset) => findPreset(preset)?.parameters.length !== 0)
          .map((preset) => [preset, examples(preset)]),
      );
      for (const text of [tierYaml(name), tierYaml(name, { parameters })])
        expect(lintPolicy(text, 0).filter((problem) => !DOCUMENTED.has(problem.code))).toEqual([]);
      const full = must(parsePolicy(tierYaml(name, { parameters })));
      expect(appliedPresets(full).map((applied) => applied.name)).toEqual([...tier.presets]);
      expect(full.filesystem_policy?.read_write).not.toContain("/");
    },
  );

  test("what is missing is named in a comment, with the command that adds it", () => {
    expect(tierYaml("balanced")).toContain("creel policy preset add FILE npm --set registry=REGISTRY");
  });

  test("even open reaches no private or metadata address and no host that it does not name", () => {
    const policy = compiled(tierYaml("open"));
    for (const host of ["169.254.169.254", "10.0.0.1", "127.0.0.1", "pastebin.example.com"])
      for (const binary of ["/opt/node/bin/node", "/usr/bin/curl"])
        expect(decide(policy, { binary, host, port: 443, method: "GET", path: "/" }, 0).decision).toBe("deny");
    const rebound = {
      binary: "/opt/node/bin/node",
      host: "slack.com",
      port: 443,
      method: "POST",
      path: "/api/chat.postMessage",
    };
    expect(decide(policy, rebound, 0).decision).toBe("allow");
    expect(decide(policy, { ...rebound, ip: "10.0.0.1" }, 0).decision).toBe("deny");
  });

  test("a tier refuses what it does not apply", () => {
    expect(() => tierYaml("restricted", { parameters: { npm: { registry: "x.example" } } })).toThrow(/does not apply/);
  });
});
