import { readFileSync } from "node:fs";
import Ajv2020 from "ajv/dist/2020.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { parsePolicy, presets, presetYaml, tiers, tierYaml } from "../src/index.ts";
import { generatedDocs } from "../src/schema/generated.ts";
import { policyJsonSchema } from "../src/schema/json-schema.ts";
import { policyFiles } from "./arbitrary-policy.ts";

const ajv = new Ajv2020({ strict: true, strictRequired: false, allErrors: true, allowUnionTypes: true });
const validate = ajv.compile(policyJsonSchema());
const accepts = (yaml: string): boolean => validate(parse(yaml, { schema: "core" }));
const readable = (yaml: string): boolean => parsePolicy(yaml).policy !== null;

const endpoint = (fields: string): string =>
  `version: 1\nnetwork_policies:\n  x:\n    endpoints:\n      - {host: api.example.com, ${fields}}\n    binaries: [{path: /usr/bin/curl}]\n`;
const rest = (rule: string): string => endpoint(`port: 443, protocol: rest, rules: [{allow: ${rule}}]`);

describe("what the reader takes, the schema takes", () => {
  test.each([
    ["the least file", "version: 1\n"],
    ["an empty section", "version: 1\nnetwork_policies:\ninference:\n"],
    ["an entry", endpoint("port: 443")],
    ["several ports", endpoint("ports: [80, 443], protocol: rest, access: read-only")],
    [
      "a rule with everything",
      rest(
        "{method: GET, path: /a/**, query: {a: b, c: {any: [d, e]}}, request: {headers: {x: y}, max_body_bytes: 0}}",
      ),
    ],
    [
      "arguments of an MCP tool",
      endpoint(
        'port: 443, protocol: mcp, rules: [{allow: {method: tools/call, tool: read, params: {arguments: {path: "/w/**", deep: {any: [a]}}}}}]',
      ),
    ],
    ["a numeric user", "version: 1\nprocess: {run_as_user: 1000, run_as_group: sandbox}\n"],
    ["a user id as text", 'version: 1\nprocess: {run_as_user: "1000"}\n'],
    ["a preset without version", "preset: {name: x}\nnetwork_policies: {}\n"],
    ["a number as key", "version: 1\ncredentials: {1: {endpoints: [{host: a.example.com, port: 1}]}}\n"],
    ["monitor mode", "version: 1\nmode: monitor\nmonitor_until: 2030-01-01T00:00:00Z\n"],
  ])("%s", (_name, yaml) => {
    expect(readable(yaml)).toBe(true);
    expect([accepts(yaml), validate.errors]).toEqual([true, null]);
  });
});

describe("what is misspelt, missing or out of range, neither takes", () => {
  test.each([
    ["an unknown field", "version: 1\nnetwork_polices: {}\n"],
    ["an unknown field deep inside", rest("{method: GET, path: /, querry: {}}")],
    ["a misspelt enforcement", endpoint("port: 443, protocol: rest, access: full, enforcement: enforced")],
    ["a misspelt access", endpoint("port: 443, protocol: rest, access: readonly")],
    ["a misspelt compatibility", "version: 1\nlandlock: {compatibility: hard-requirement}\n"],
    ["another version", "version: 2\n"],
    ["no version", "network_policies: {}\n"],
    ["a port as text", endpoint('port: "443"')],
    ["port 0", endpoint("port: 0")],
    ["port 65536", endpoint("port: 65536")],
    ["no port", endpoint("tls: skip")],
    ["port and ports", endpoint("port: 443, ports: [80]")],
    ["rules and access", endpoint("port: 443, protocol: rest, access: full, rules: [{allow: {method: GET, path: /}}]")],
    ["an empty list of rules", endpoint("port: 443, protocol: rest, rules: []")],
    ["signing without service", endpoint("port: 443, protocol: rest, access: full, credential_signing: sigv4")],
    [
      "no host and no addresses",
      "version: 1\nnetwork_policies: {x: {endpoints: [{port: 1}], binaries: [{path: /a}]}}\n",
    ],
    ["any that is no list", rest("{method: GET, path: /, query: {a: {any: b}}}")],
    [
      "an argument matcher whose any is no list",
      endpoint(
        "port: 443, protocol: mcp, rules: [{allow: {method: tools/call, params: {arguments: {path: {any: x}}}}}]",
      ),
    ],
    ["root", "version: 1\nprocess: {run_as_user: root}\n"],
    ["user 0", "version: 1\nprocess: {run_as_user: 0}\n"],
    [
      "limits that limit nothing",
      "version: 1\nnetwork_policies: {x: {endpoints: [], binaries: [], limits: {per: hour}}}\n",
    ],
    ["a program without path", "version: 1\nnetwork_policies: {x: {endpoints: [], binaries: [{sha256: ab}]}}\n"],
    ["monitor_until without mode", "version: 1\nmonitor_until: 2030-01-01T00:00:00Z\n"],
    ["a test without expectation", "version: 1\ntests: [{request: {binary: /a, host: a.example.com, port: 1}}]\n"],
  ])("%s", (_name, yaml) => {
    expect(readable(yaml)).toBe(false);
    expect(accepts(yaml)).toBe(false);
  });
});

test("every random policy, every preset, every tier and every recipe of the cookbook is taken", () => {
  const refused = (yaml: string): string[] => (accepts(yaml) ? [] : [`${ajv.errorsText(validate.errors)}\n${yaml}`]);
  const filled = presets.map(({ name, parameters }) =>
    presetYaml(name, Object.fromEntries(parameters.map((parameter) => [parameter.name, parameter.example]))),
  );
  const cookbook = readFileSync(new URL("../../../docs/policy/cookbook.md", import.meta.url), "utf8");
  const recipes = [...cookbook.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? "");
  const texts = [
    ...filled,
    ...tiers.map(({ name }) => tierYaml(name)),
    ...recipes.filter((text) => !text.startsWith("#")),
  ];
  expect(texts.length).toBeGreaterThan(40);
  expect(texts.flatMap(refused)).toEqual([]);
  fc.assert(
    fc.property(policyFiles, (file) => {
      expect([validate(file), validate.errors]).toEqual([true, null]);
    }),
    { numRuns: 300 },
  );
});

/** `properties` of a schema that this package generated: names to field schemas. */
const describedFields = (properties: unknown): [string, { description?: string }][] =>
  Object.entries(properties as Record<string, { description?: string }>);

test("every field has a description that is a sentence", () => {
  const missing: string[] = [];
  const visit = (node: unknown, at: string): void => {
    if (typeof node !== "object" || node === null) return;
    for (const [key, child] of Object.entries(node)) {
      if (key === "properties" && !at.endsWith("properties"))
        for (const [name, field] of describedFields(child))
          if (name !== "any" && !/^[A-Z`].*[.]$/.test(field.description ?? "")) missing.push(`${at}.${name}`);
      visit(child, `${at}.${key}`);
    }
  };
  visit(policyJsonSchema(), "");
  expect(missing).toEqual([]);
});

test.each(generatedDocs())("$path is what the fields say; `npm run docs` writes it", ({ path, text }) => {
  expect(readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8")).toBe(text);
});

test("the table of rule fields by protocol is what the reader refuses", () => {
  const samples: Record<string, string> = {
    method: "GET",
    path: "/",
    query: "{ a: b }",
    operation_type: "query",
    operation_name: "x",
    fields: "[x]",
    tool: "x",
    params: "{ name: x }",
    request: "{ headers: { a: b } }",
  };
  const page = readFileSync(new URL("../../../docs/policy/reference.md", import.meta.url), "utf8");
  const [, ...protocols] = (/^\| field \| (.*) \|$/m.exec(page.slice(page.indexOf("Which of them")))?.[0] ?? "")
    .split("|")
    .map((cell) => cell.trim())
    .filter(Boolean);
  expect(protocols).toEqual(["rest", "websocket", "graphql", "mcp", "json-rpc"]);
  for (const [field, sample] of Object.entries(samples)) {
    const cells = new RegExp(`^\\| \`${field}\` \\|((?: (?:yes)? \\|){5})$`, "m")
      .exec(page)?.[1]
      ?.split("|")
      .slice(0, 5);
    const says = cells?.map((cell) => cell.trim() === "yes");
    const takes = protocols.map((protocol) => {
      const yaml = endpoint(`port: 443, protocol: ${protocol}, rules: [{allow: {${field}: ${sample}}}]`);
      return !parsePolicy(yaml).problems.some(({ code }) => code === "field_without_effect");
    });
    expect({ field, says }).toEqual({ field, says: takes });
  }
});
