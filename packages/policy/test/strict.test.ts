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
      { code: "unknown_value", line: 5, remedy: /^Write one of: tcp, rest/ },
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
