import { describe, expect, it } from "vitest";
import { completePolicy, describeField } from "../src/complete/index.ts";
import { parsePolicy } from "../src/parse.ts";

/** The words of four kinds that a file uses already, two hundred of each at the most, and those of the language. */
const OPTIONS_MAX = 1_000;

/** `|` marks the cursor. */
const at = (marked: string) => {
  const offset = marked.indexOf("|");
  const text = marked.slice(0, offset) + marked.slice(offset + 1);
  const found = completePolicy(text, offset);
  return {
    text,
    ...found,
    labels: found.options.map((option) => option.label),
    replaced: text.slice(found.from, found.to),
    pick: (label: string) => {
      const option = found.options.find((each) => each.label === label);
      if (option === undefined) throw new Error(`${label} is not proposed: ${found.options.map((o) => o.label)}`);
      return text.slice(0, found.from) + option.insert + text.slice(found.to);
    },
  };
};

const entry = (inside: string) => `version: 1
network_policies:
  github:
    endpoints:
      - host: api.github.com
        port: 443
        protocol: rest
${inside}
    binaries:
      - path: /usr/bin/git
`;

describe("field names", () => {
  it("at the top are those of the file, without what stands there already", () => {
    const { labels } = at("version: 1\nmode: monitor\n|\nnetwork_policies: {}\n");
    expect(labels).toContain("monitor_until");
    for (const there of ["version", "mode", "network_policies"]) expect(labels).not.toContain(there);
  });

  it("of an endpoint are proposed on an empty line and half typed", () => {
    for (const typed of ["        |", "        acc|", "        a|cc"]) {
      const { labels } = at(entry(typed));
      expect(labels).toContain("access");
      expect(labels).not.toContain("host");
      expect(labels).not.toContain("binaries");
    }
    expect(at(entry("        a|cc")).replaced).toBe("acc");
  });

  it("come with what follows them, and the result parses", () => {
    const done = at(entry("        acc|")).pick("access");
    expect(done).toContain("        access: \n");
    const rules = at(entry("        |")).pick("rules");
    expect(rules).toContain("        rules:\n          - ");
    const whole = rules.replace("          - ", '          - allow: { method: GET, path: "/**" }');
    expect(parsePolicy(whole).problems).toEqual([]);
  });

  it("of an entry, an endpoint and the file differ by the column alone", () => {
    expect(at(entry("    |")).labels).toContain("expires_at");
    expect(at(entry("        |")).labels).toContain("enforcement");
    expect(at(`${entry("")}|`).labels).toContain("filesystem_policy");
  });

  it("replace only the name where the colon stands already", () => {
    expect(at(entry("        enf|: audit")).pick("enforcement")).toContain("        enforcement: audit\n");
  });

  it("of a list item are proposed behind its dash, with dashes indented or not", () => {
    expect(at(entry("      - |")).labels).toContain("host");
    const compact = "network_policies:\n  a:\n    endpoints:\n    - host: x.example.com\n      |\n    binaries: []\n";
    expect(at(compact).labels).toContain("protocol");
    expect(at(compact.replace("      |", "    - |")).labels).toContain("host");
  });

  it("that would have no effect under the protocol are left out", () => {
    const rest = at(entry("        |")).labels;
    for (const other of ["mcp", "json_rpc", "graphql_max_body_bytes", "tls", "ports"])
      expect(rest).not.toContain(other);
    const tcp = at(entry("        |").replace("rest", "tcp")).labels;
    for (const other of ["access", "rules", "deny_rules", "path"]) expect(tcp).not.toContain(other);
    expect(at(entry("        access: full\n        |")).labels).not.toContain("rules");
  });

  it("of a clause are those of its endpoint's protocol, in block and in braces", () => {
    const block = "        rules:\n          - allow:\n              method: tools/call\n              |";
    const mcp = at(entry(block).replace("protocol: rest", "protocol: mcp")).labels;
    expect(mcp.sort()).toEqual(["params", "tool"]);
    const flow = at(entry("        rules:\n          - allow: { method: GET, | }"));
    expect(flow.labels.sort()).toEqual(["path", "query", "request"]);
    expect(flow.pick("path")).toContain("{ method: GET, path:  }");
  });

  it("are found in braces that nobody closed yet, on one line or several", () => {
    expect(at(entry("        rules:\n          - allow: { me|")).labels).toContain("method");
    expect(
      at(entry("        rules:\n          - allow: {\n              method: GET,\n              |")).labels,
    ).toEqual(["path", "query", "request"]);
    expect(at(entry("        rules:\n          - allow: { method: GET\n        |")).labels).toContain("deny_rules");
  });

  it("that are deprecated are never proposed", () => {
    expect(at("network_policies:\n  a:\n    binaries:\n      - path: /bin/x\n        |\n").labels).toEqual([
      "sha256",
      "inherit",
      "script",
    ]);
  });

  it("are not proposed in comments, in block texts and in unknown places", () => {
    expect(at("# |").labels).toEqual([]);
    expect(at("version: 1 # |").labels).toEqual([]);
    expect(at("network_policies:\n  a:\n    reason: |-\n      |\n".replace("|-", ">-")).labels).toEqual([]);
    expect(at("nonsense:\n  |\n").labels).toEqual([]);
  });
});

describe("values", () => {
  it("of a closed choice are its words, the deprecated ones aside", () => {
    expect(at(entry("        access: |")).labels).toEqual(["read-only", "read-write", "full"]);
    expect(at(entry("        access: read-|")).replaced).toBe("read-");
    expect(at("network_policies:\n  a:\n    endpoints:\n      - tls: |\n").labels).toEqual(["skip"]);
  });

  it("of a method follow the protocol", () => {
    const rule = (protocol: string) =>
      at(entry("        rules:\n          - allow: { method: | }").replace("protocol: rest", `protocol: ${protocol}`));
    expect(rule("rest").labels).toContain("DELETE");
    expect(rule("mcp").labels).toContain("tools/call");
    expect(rule("websocket").labels).toEqual(["GET", "WEBSOCKET_TEXT", "*"]);
    expect(rule("rest").pick("*")).toContain('method: "*" }');
  });

  it("of hosts, programs, ports and rules are those the file names already", () => {
    const more = `${entry("")}  other:\n    endpoints:\n      - host: |\n        port: 8443\n`;
    expect(at(more).labels).toEqual(["api.github.com"]);
    expect(at(more.replace("host: |", "port: |")).labels).toEqual(["443", "80", "22", "8443"]);
    expect(at(`${entry("")}  other:\n    binaries:\n      - path: |`).labels).toEqual(["/usr/bin/git"]);
    expect(at(`${entry("")}tests:\n  - request:\n      binary: |`).labels).toEqual(["/usr/bin/git"]);
    expect(at(`${entry("")}tests:\n  - rule: |`).labels).toEqual(["github"]);
    expect(at(`${entry("")}tests:\n  - expect: |`).labels).toEqual(["allow", "deny", "would_deny"]);
  });

  it("keep a quote that was opened", () => {
    const wild = entry("").replace("api.github.com", '"*.github.com"');
    expect(at(`${wild}  o:\n    endpoints:\n      - host: "*.g|"\n`).pick("*.github.com")).toContain(
      'host: "*.github.com"\n',
    );
    expect(at(`${wild}  o:\n    endpoints:\n      - host: |\n`).pick("*.github.com")).toContain(
      'host: "*.github.com"\n',
    );
  });

  it("that are yes or no are proposed so", () => {
    expect(at("filesystem_policy:\n  include_workdir: |").labels).toEqual(["true", "false"]);
  });
});

describe("hostile and broken text", () => {
  it("any cut of a file gets an answer that lies inside it", () => {
    const text = entry('        rules:\n          - allow: { method: GET, path: "/a/**" }');
    for (let cut = 0; cut <= text.length; cut++) {
      const part = text.slice(0, cut);
      const { from, to } = completePolicy(part, cut);
      expect(from).toBeGreaterThanOrEqual(0);
      expect(from).toBeLessThanOrEqual(to);
      expect(to).toBeLessThanOrEqual(cut);
    }
  });

  it.each([
    ["open braces", "{".repeat(1_000_000)],
    ["open quotes", 'a: "'.repeat(250_000)],
    ["dashes", "- ".repeat(500_000)],
    ["keys in one map", "k: v\n".repeat(200_000)],
    ["hosts in one line", "host: ".repeat(170_000)],
    ["deep indentation", Array.from({ length: 1_400 }, (_, i) => `${" ".repeat(i)}k:`).join("\n")],
    ["spaces", `a:${" ".repeat(1_000_000)}`],
  ])("a megabyte of %s is answered with a place inside it and a list that can be read", (_name, text) => {
    for (const offset of [1, text.length >> 1, text.length]) {
      const { from, to, options } = completePolicy(text, offset);
      expect(from).toBeLessThanOrEqual(offset);
      expect(to).toBeGreaterThanOrEqual(offset);
      expect(to).toBeLessThanOrEqual(text.length);
      expect(options.length).toBeLessThanOrEqual(OPTIONS_MAX);
      const described = describeField(text, offset);
      if (described !== null) expect(described.to).toBeLessThanOrEqual(text.length);
    }
  });
});

describe("what a field means", () => {
  it("is told at its name in block and in braces", () => {
    const text = entry("        rules:\n          - allow: { method: GET }");
    expect(describeField(text, text.indexOf("protocol") + 3)).toMatchObject({
      field: "network_policies.*.endpoints[].protocol",
      type: "one of tcp, rest, websocket, graphql, mcp, json-rpc",
    });
    expect(describeField(text, text.indexOf("method") + 1)?.doc).toContain("GET includes HEAD");
  });
  it("is not told at values, at names people chose and at unknown fields", () => {
    const text = entry("        wat: 1");
    for (const word of ["api.github", "github:", "wat"]) expect(describeField(text, text.indexOf(word) + 1)).toBeNull();
  });
});
