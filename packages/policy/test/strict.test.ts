/** What two readers could read differently is an error, with its place, its reason and what to write instead. */
import { describe, expect, test } from "vitest";
import { parsePolicy } from "../src/index.ts";

const endpoint = (fields: string): string =>
  `version: 1\nnetwork_policies:\n  x:\n    endpoints:\n      - { ${fields} }\n    binaries: [{ path: /usr/bin/curl }]\n`;
const REST = "host: api.example.com, port: 443, protocol: rest";
const port = (text: string): string => endpoint(`host: a.example.com, port: ${text}`);
const flag = (text: string): string => endpoint(`${REST}, access: full, allow_encoded_slash: ${text}`);

interface Expected {
  code: string;
  line: number;
  remedy?: RegExp;
}
const errors = (text: string) =>
  parsePolicy(text)
    .problems.filter((problem) => problem.severity === "error")
    .map(({ code, place, remedy, message }) => ({ code, line: place.line, remedy, message }));

/** What the page of exceptions refuses in a program's path, a policy must not take either. */
const hidden: readonly (readonly [string, string])[] = [
  ["a Hangul filler", "\u3164"],
  ["a half-width filler", "\uffa0"],
  ["an empty Braille pattern", "\u2800"],
  ["a joiner of graphemes", "\u034f"],
  ["a Mongolian selector", "\u180b"],
  ["a variation selector", "\ufe0f"],
  ["a selector beyond the first plane", "\u{e0101}"],
  ["a tag of language", "\u{e0041}"],
  ["a private sign", "\ue000"],
  ["a thin space", "\u2009"],
  ["a joiner behind plain letters", "\u200d"],
  ["what is no character", "\ufdd0"],
];
const policyOf = (path: string): string =>
  `version: 1\nnetwork_policies:\n  x:\n    endpoints: []\n    binaries: [{ path: ${path} }]\n`;

describe("is refused:", () => {
  test.each<[string, string, Expected]>([
    [
      "a deny rule with a body size, which would let large bodies pass",
      endpoint(`${REST}, access: full, deny_rules: [{ method: POST, path: /x, request: { max_body_bytes: 5 } }]`),
      { code: "field_without_effect", line: 5, remedy: /rule that allows/ },
    ],
    ["a port in octal", port("0443"), { code: "wrong_type", line: 5, remedy: /decimal/ }],
    ["a port in YAML 1.2's octal", port("0o673"), { code: "wrong_type", line: 5 }],
    ["a port in hexadecimal", port("0x1bb"), { code: "wrong_type", line: 5 }],
    ["a port with a fraction", port("443.0"), { code: "wrong_type", line: 5 }],
    ["a port with an exponent", port("4e2"), { code: "wrong_type", line: 5 }],
    ["a port with a sign", port("+443"), { code: "wrong_type", line: 5 }],
    ["a port in base 60", port("7:23"), { code: "wrong_type", line: 5 }],
    ["a port beyond every number", port("99999999999999999999999"), { code: "wrong_type", line: 5 }],
    ["a user id in hexadecimal", "version: 1\nprocess: { run_as_user: 0x3e8 }\n", { code: "wrong_type", line: 2 }],
    ["version 1.0", "version: 1.0\n", { code: "wrong_type", line: 1 }],
    ["yes for true", flag("yes"), { code: "wrong_type", line: 5, remedy: /true or false/ }],
    ["on for true", flag("on"), { code: "wrong_type", line: 5 }],
    ["no for false", flag("no"), { code: "wrong_type", line: 5 }],
    [
      "a YAML 1.1 directive, which would make yes true",
      `%YAML 1.1\n---\n${flag("true")}`,
      { code: "directive", line: 1, remedy: /%/ },
    ],
    [
      "a digest of digits alone, unquoted",
      `version: 1\nnetwork_policies:\n  x:\n    endpoints: []\n    binaries: [{ path: /a, sha256: ${"4".repeat(64)} }]\n`,
      { code: "wrong_type", line: 5, remedy: /quotes: "4{64}"/ },
    ],
    ["a tab as indentation", "version: 1\nprocess:\n\trun_as_user: sandbox\n", { code: "yaml", line: 3 }],
    ["a second document", "version: 1\n---\nversion: 1\n", { code: "yaml", line: 2 }],
    [
      "a byte that is no UTF-8",
      `version: 1\n# caf${new TextDecoder().decode(new Uint8Array([0xe9]))}\n`,
      { code: "not_utf8", line: 2, remedy: /UTF-8/ },
    ],
    [
      "a direction mark that turns a name round",
      'version: 1\nnetwork_policies: { "pay\u202elas": { endpoints: [], binaries: [] } }\n',
      { code: "hidden_character", line: 2 },
    ],
    ["a zero-width space in a comment", "version: 1\n# a\u200bb\n", { code: "hidden_character", line: 2 }],
    ...hidden.map(([what, sign]): [string, string, Expected] => [
      `${what} in a program's path`,
      policyOf(`/usr/bin/curl${sign}`),
      { code: "hidden_character", line: 5 },
    ]),
    [
      "a space of no break in a comment",
      "version: 1\n# a\u00a0b\n",
      { code: "hidden_character", line: 2, remedy: /ordinary space/ },
    ],
    ["a variation selector behind a letter", "version: 1\n# é\ufe0f\n", { code: "hidden_character", line: 2 }],
    ["a NUL", "version: 1\n# \u0000\n", { code: "hidden_character", line: 2 }],
    ["a byte order mark inside", "version: 1\n\uFEFFmode: enforce\n", { code: "hidden_character", line: 2 }],
    [
      "dots that are encoded",
      endpoint(`${REST}, rules: [{ allow: { method: GET, path: /a/%2e%2E/b } }]`),
      { code: "bad_path", line: 5 },
    ],
    [
      "a day that does not exist",
      "version: 1\nmode: monitor\nmonitor_until: 2026-02-31T00:00:00Z\n",
      { code: "bad_time", line: 3 },
    ],
    [
      "a test whose path nobody looks at",
      "version: 1\ntests: [{ request: { binary: /x, host: a.example.com, port: 443, path: /x }, expect: deny }]\n",
      { code: "field_without_effect", line: 2 },
    ],
    ["an empty file", "", { code: "wrong_type", line: 1, remedy: /version: 1/ }],
    ["a comment alone", "# nothing\n", { code: "wrong_type", line: 1, remedy: /version: 1/ }],
    [
      "a protocol that is none, without a wrong guess",
      endpoint("host: a.example.com, port: 443, protocol: http, access: full"),
      { code: "unknown_value", line: 5, remedy: /^HTTP is inspected by `protocol: rest`/ },
    ],
    [
      "a misspelt protocol, with the nearest",
      endpoint("host: a.example.com, port: 443, protocol: rset, access: full"),
      { code: "unknown_value", line: 5 },
    ],
    [
      "a misspelt access, with the nearest",
      endpoint(`${REST}, access: read_only`),
      { code: "unknown_value", line: 5, remedy: /Did you mean `read-only`/ },
    ],
  ])("%s", (_, text, { code, line, remedy }) => {
    const found = errors(text);
    expect(found.map((one) => [one.code, one.line])).toContainEqual([code, line]);
    expect(found.find((one) => one.code === code)?.remedy).toMatch(remedy ?? /[.]$/);
    expect(parsePolicy(text).policy).toBeNull();
  });
});

describe("is read:", () => {
  test.each([
    ["Windows line ends", "version: 1\r\nmode: enforce\r\n"],
    ["a byte order mark at the beginning", "\uFEFFversion: 1\n"],
    [
      "words of any language, with their joiners",
      "version: 1\n# \u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 日本語 é\n",
    ],
    ["an emoji of several signs that are joined", "version: 1\n# \u{1f469}\u200d\u{1f4bb}\n"],
    ["an emoji with its colours, alone and joined", "version: 1\n# \u26a0\ufe0f \u2764\ufe0f\u200d\u{1f525}\n"],
    ["a hidden sign that its author wrote as an escape", policyOf('"/usr/bin/curl\\u3164"')],
    ["a user id in decimal", "version: 1\nprocess: { run_as_user: 1000 }\n"],
    ["a leap day", "version: 1\nmode: monitor\nmonitor_until: 2028-02-29T00:00:00Z\n"],
    [
      "a body size where it allows",
      endpoint(`${REST}, rules: [{ allow: { method: POST, path: /x, request: { max_body_bytes: 5 } } }]`),
    ],
  ])("%s", (_, text) => expect(parsePolicy(text).problems).toEqual([]));
});

test("every error is told at once, each at its own place", () => {
  const text = `version: 1\nmode: monitr # \u200b\nnetwork_policies:\n  x:\n    endpoints: [{ host: "*", port: 0443 }]\n    binaries: [{ path: ../curl, inherit: yes }]\n`;
  expect(errors(text).map(({ code, line }) => `${line} ${code}`)).toEqual(
    expect.arrayContaining(["2 unknown_value", "5 catch_all_host", "5 wrong_type", "6 bad_path", "6 wrong_type"]),
  );
});

/** Slips that newcomers make: each is told once, by its cause, with what to write instead. */
describe("one slip is one problem with its remedy:", () => {
  const rules = (text: string): string => endpoint(`${REST}, rules: ${text}`);
  const block = (lines: string): string =>
    `version: 1\nnetwork_policies:\n  x:\n    endpoints:\n${lines}    binaries:\n      - path: /usr/bin/curl\n`;
  const binaries = (text: string): string =>
    `version: 1\nnetwork_policies:\n  x:\n    endpoints: [{ ${REST}, access: full }]\n    binaries: ${text}\n`;
  const clauseText = "{ method: GET, path: /x }";
  test.each<[string, string, string, number, RegExp, string]>([
    [
      "a host pattern without quotes",
      block("      - host: *.example.com\n        port: 443\n"),
      "anchor",
      5,
      /alias and not as a pattern/,
      'Quote it: "*.example.com".',
    ],
    [
      "a model pattern without quotes",
      "version: 1\ninference:\n  models:\n    - *-mini\n",
      "anchor",
      4,
      /alias/,
      'Quote it: "*-mini".',
    ],
    [
      "two stars without quotes",
      rules("[{ allow: { method: GET, path: ** } }]"),
      "anchor",
      5,
      /alias/,
      'Quote it: "**".',
    ],
    [
      "one star without quotes",
      rules("[{ allow: { method: *, path: /x } }]"),
      "yaml",
      5,
      /not quoted begins/,
      'Quote it: "*".',
    ],
    [
      "tabs throughout",
      "version: 1\nnetwork_policies:\n\tx:\n\t\tendpoints:\n\t\t\t- host: a.example.com\n\t\t\t  port: 443\n",
      "yaml",
      3,
      /tab/,
      "Indent with spaces.",
    ],
    ["a tab before a list item", block("\t  - host: a.example.com\n"), "yaml", 5, /tab/, "Indent with spaces."],
    [
      "no colon, and further keys",
      block("      - host api.example.com\n        port: 443\n"),
      "yaml",
      5,
      /`:` is missing after `host`/,
      "Write `host: api.example.com`.",
    ],
    [
      "no colon at the end",
      "version: 1\nmode enforce\n",
      "yaml",
      2,
      /`:` is missing after `mode`/,
      "Write `mode: enforce`.",
    ],
    [
      "no space behind the colon",
      block("      - host:api.example.com\n        port: 443\n"),
      "yaml",
      5,
      /space is missing after `host:`/,
      "Write `host: api.example.com`.",
    ],
    [
      "text behind a quoted value",
      'version: 1\nnetwork_policies:\n  x:\n    reason: "a" b\n',
      "yaml",
      4,
      /behind a value that has ended/,
      "Put the whole value in quotes, or begin a new line.",
    ],
    [
      "a bracket that is not closed",
      block("      - {host: a.example.com, port: 443\n"),
      "yaml",
      6,
      /`\{` above is not closed/,
      "Close it with `}`, and indent every line within it.",
    ],
    ["a port in quotes", port('"443"'), "wrong_type", 5, /the text "443"/, "Drop the quotes: 443."],
    ["several ports in `port`", port("[80, 443]"), "wrong_type", 5, /is a list/, "Write `ports: [80, 443]`."],
    ["true in quotes", flag('"true"'), "wrong_type", 5, /true or false/, "Drop the quotes: true."],
    [
      "a program by its path alone",
      binaries("[/usr/bin/curl]"),
      "wrong_type",
      5,
      /must be a map/,
      "Write `- path: /usr/bin/curl`.",
    ],
    [
      "one program without a list",
      binaries("{ path: /usr/bin/curl }"),
      "wrong_type",
      5,
      /must be a list/,
      "Write a list: `- path: /usr/bin/curl`.",
    ],
    [
      "one endpoint without a list",
      "version: 1\nnetwork_policies:\n  x:\n    endpoints: { host: a.example.com, port: 443 }\n    binaries: [{ path: /a }]\n",
      "wrong_type",
      4,
      /must be a list/,
      "Write a list: `- host: a.example.com`.",
    ],
    [
      "alternatives of a query as a list",
      rules("[{ allow: { method: GET, path: /x, query: { a: [b, c] } } }]"),
      "wrong_type",
      5,
      /is a list/,
      "Write `{any: [b, c]}`.",
    ],
    [
      "a rule without allow",
      rules(`[${clauseText}]`),
      "unknown_field",
      5,
      /outside `allow`/,
      `Put it under \`allow:\`: \`- allow: ${clauseText}\`.`,
    ],
    [
      "a deny rule under deny",
      endpoint(`${REST}, access: full, deny_rules: [{ deny: ${clauseText} }]`),
      "unknown_field",
      5,
      /no field `deny`/,
      `Write the rule without it: \`- ${clauseText}\`.`,
    ],
    [
      "several methods in one rule",
      rules("[{ allow: { method: [GET, POST], path: /x } }]"),
      "wrong_type",
      5,
      /is a list/,
      "Write one rule for each method.",
    ],
    [
      "`methods`",
      rules("[{ allow: { methods: GET, path: /x } }]"),
      "unknown_field",
      5,
      /`methods`/,
      "Did you mean `method`?",
    ],
    [
      "`paths`",
      rules("[{ allow: { method: GET, paths: [/x] } }]"),
      "unknown_field",
      5,
      /`paths`/,
      "Did you mean `path`? Write one rule for each path.",
    ],
    [
      "version 2",
      "version: 2\n",
      "unknown_value",
      1,
      /cannot be `2`\.$/,
      "This is version 1 of the language: write `version: 1`.",
    ],
    [
      "a mode left empty",
      "version: 1\nmode:\n",
      "unknown_value",
      2,
      /nothing\.$/,
      "Write enforce or monitor, or remove the line.",
    ],
    [
      "protocol https",
      rules(`[{ allow: ${clauseText} }]`).replace("protocol: rest", "protocol: https"),
      "unknown_value",
      5,
      /"https"\.$/,
      "HTTPS is inspected by `protocol: rest`.",
    ],
    [
      "a misspelt access, which is said to be weaker",
      endpoint(`${REST}, access: ful`),
      "unknown_value",
      5,
      /silently mean something weaker/,
      "Did you mean `full`? Write one of: read-only, read-write, full.",
    ],
    [
      "one for several",
      "version: 1\nnetwork_policy: {}\n",
      "unknown_field",
      2,
      /`network_policy`/,
      "Did you mean `network_policies`?",
    ],
    [
      "braces",
      rules("[{ allow: { method: GET, path: '/{a,b}' } }]"),
      "bad_glob",
      5,
      /Braces/,
      "Write two rules instead of braces, one for each alternative; the table in docs/policy/meaning.md shows what a pattern can say.",
    ],
    [
      "a host with its port",
      endpoint('host: "a.example.com:8443"'),
      "bad_host",
      5,
      /no host name/,
      "Write `host: a.example.com` and `port: 8443`.",
    ],
    [
      "localhost",
      endpoint("host: localhost, port: 443"),
      "loopback_host",
      5,
      /every policy denies/,
      "Remove the endpoint; only an operator's `creel run --resolve` opens loopback, for one host and port.",
    ],
    [
      "a name below localhost",
      endpoint("host: db.localhost, port: 443"),
      "loopback_host",
      5,
      /every policy denies/,
      "Remove the endpoint; only an operator's `creel run --resolve` opens loopback, for one host and port.",
    ],
  ])("%s", (_, text, code, line, message, remedy) => {
    const { problems } = parsePolicy(text);
    expect(problems.map((problem) => [problem.code, problem.place.line, problem.remedy])).toEqual([
      [code, line, remedy],
    ]);
    expect(problems[0]?.message).toMatch(message);
  });

  test.each(["/{a}", "/a\\\\b", "/***", "/a]", "/[a", "/[z-a]", "/\\u0001", `/${"a".repeat(5000)}`])(
    "the pattern %j is answered with what to do",
    (pattern) => {
      const text = `version: 1\ninference: { models: ["${pattern}"] }\n`;
      const [problem] = parsePolicy(text).problems;
      expect(problem?.code).toBe("bad_glob");
      expect(problem?.remedy).toMatch(/^(Write|Remove|Close|Shorten)/);
    },
  );
});
