/** Files of a megabyte that cost little to write; each must be refused or loaded in under a second. */

const BYTES = 1024 * 1024;

/** The unit repeated to a megabyte, with what stands before and after it. */
function fill(unit: string, before = "", after = ""): string {
  const bytes = (text: string): number => new TextEncoder().encode(text).length;
  const room = BYTES - bytes(before) - bytes(after);
  return before + unit.repeat(Math.floor(room / bytes(unit))) + after;
}

/** The units of a growing index, until a megabyte is full. */
function count(unit: (index: number) => string, before = "", after = ""): string {
  const parts = [before];
  let left = BYTES - before.length - after.length;
  for (let index = 0; ; index++) {
    const part = unit(index);
    left -= part.length;
    if (left < 0) break;
    parts.push(part);
  }
  parts.push(after);
  return parts.join("");
}

const policies = "version: 1\nnetwork_policies:\n";
const inEndpoints = `${policies}  x:\n    binaries: [{path: /b}]\n    endpoints:\n`;
const inRules = `${inEndpoints}      - host: a.example.com\n        port: 443\n        protocol: rest\n        rules:\n`;

export const hostileFiles: Readonly<Record<string, () => string>> = {
  "10,000 entries": () =>
    count((i) => `  e${i}: {endpoints: [{host: h${i}.example.com, port: 443}], binaries: [{path: /b}]}\n`, policies),
  "entries in block style": () =>
    count(
      (i) =>
        `  entry${i}:\n    endpoints:\n      - host: h${i}.example.com\n        port: 443\n        protocol: rest\n        access: full\n    binaries:\n      - path: /usr/bin/p${i}\n`,
      policies,
    ),
  "small entries": () => count((i) => `  e${i}: {}\n`, policies),
  "endpoints of one entry": () => count((i) => `      - {host: h${i}.example.com, port: 443}\n`, inEndpoints),
  "rules of one endpoint": () => count((i) => `          - allow: {method: GET, path: /p${i}}\n`, inRules),
  "ports of one endpoint": () =>
    count((i) => `${(i % 65_535) + 1},`, `${inEndpoints}      - {host: a.example.com, ports: [`, "]}\n"),
  "query matchers": () =>
    count((i) => `q${i}: x,`, `${inRules}          - allow: {method: GET, path: /, query: {`, "}}\n"),
  tests: () =>
    count(
      (i) => `  - {request: {binary: /b, host: h${i}.example.com, port: 443}, expect: deny}\n`,
      `version: 1\ntests:\n`,
    ),
  "an error in each entry": () => count((i) => `  e${i}: {endpoints: 1, binarys: []}\n`, policies),
  "unknown fields": () => count((i) => `field${i}: 1\n`),
  "misspelt fields": () => count((i) => `network_policie${i}: 1\n`),
  "one key, again and again": () => fill("a: 1\n"),
  "one known key, again and again": () => fill("version: 1\n"),
  "one entry key, again and again": () => fill("  a: {}\n", policies),
  "wide map of empty keys": () => fill("a:\n"),
  "wide flow map": () => count((i) => `k${i}: 1,`, "{", "}"),
  "keys without values in a flow map": () => count((i) => `k${i},`, "{", "}"),
  "flow list of ones": () => fill("1,", "[", "]"),
  "flow list of lists": () => fill("[],", "[", "]"),
  "flow list of maps": () => fill("{a: b},", "[", "]"),
  "commas in a flow map": () => fill(",", "{", "}"),
  "block list": () => fill("- a\n"),
  "block list of nothing": () => fill("-\n"),
  "list in list in one line": () => fill("- "),
  "brackets only": () => fill("["),
  "braces only": () => fill("{"),
  "closing brackets": () => fill("]"),
  "nested maps in one line": () => fill("{a: "),
  "nested by indentation": () => count((i) => `${" ".repeat(i)}a:\n`),
  "nesting of sixty, wide": () => fill(`${"[".repeat(60)}${"]".repeat(60)},`, "[", "]"),
  "complex keys": () => fill("? a\n"),
  "complex keys in one line": () => fill("? "),
  "lists as keys": () => fill("[a]: b\n"),
  "colons only": () => fill(": "),
  "colons and lines": () => fill(": \n"),
  "anchors in one line": () => fill("&a "),
  "an anchor for each key": () => count((i) => `a${i}: &a${i} 1\n`),
  "aliases in one line": () => fill("*a "),
  "an alias in each item": () => fill("- *a\n", "- &a [x]\n"),
  "anchors that multiply": () => count((i) => `a${i + 1}: &a${i + 1} [*a${i},*a${i},*a${i}]\n`, "a0: &a0 [x]\n"),
  "merge keys": () => fill("<<: {a: 1}\n"),
  "tags in one line": () => fill("!!x "),
  "a tag in each item": () => fill("- !!str a\n"),
  "own tags": () => count((i) => `- !t${i} a\n`),
  directives: () => fill("%A\n"),
  "yaml directives": () => fill("%YAML 1.2\n"),
  "many documents": () => fill("---\n"),
  "many documents with content": () => fill("--- a\n"),
  "many ends": () => fill("...\n"),
  "comments only": () => fill("# comment\n"),
  "short comments": () => fill("#\n"),
  "one long comment": () => fill("#"),
  "empty lines": () => fill("\n"),
  "carriage returns": () => fill("\r"),
  "line ends of two": () => fill("\r\n"),
  spaces: () => fill(" "),
  tabs: () => fill("\t"),
  "tabs in lines": () => fill("\ta: 1\n"),
  "lines of spaces": () => fill("  \n", "a:\n"),
  "one long plain word": () => fill("a"),
  "one long plain sentence": () => fill("a b "),
  "plain over many lines": () => fill(" a\n", "version: 1\nx:\n"),
  "one long quoted text": () => fill("a", 'a: "', '"'),
  "one long single-quoted text": () => fill("a", "a: '", "'"),
  "doubled single quotes": () => fill("''", "a: '", "'"),
  escapes: () => fill("\\x41", 'a: "', '"'),
  "bad escapes": () => fill("\\q", 'a: "', '"'),
  "quoted over many lines": () => fill("\n", 'a: "', '"'),
  "double quotes": () => fill('"'),
  "single quotes": () => fill("'"),
  "an unterminated text in each line": () => fill('"a\n'),
  "block scalar": () => fill("  text\n", "a: |\n"),
  "folded scalar": () => fill("  text\n", "a: >\n"),
  "folded empty lines": () => fill("\n", "a: >\n  x\n"),
  "folded lines that indent": () => fill("  a\n   b\n", "a: >\n"),
  "block scalars": () => fill("- |\n x\n"),
  "wide characters": () => fill("é", "a: "),
  "wide characters in keys": () => count((i) => `é${i}: 1\n`),
  "line separators of Unicode": () => fill("\u2028", "a: "),
  "half pairs": () => fill("\ud800", "a: "),
  nulls: () => fill("\u0000"),
  "byte order marks": () => fill("\ufeff"),
  "long host": () => fill("a.", `${inEndpoints}      - {host: `, "com, port: 443}\n"),
  "long globs": () => count(() => `          - allow: {method: GET, path: "/${"*a".repeat(2_000)}"}\n`, inRules),
  "globs of stars in segments": () =>
    count(() => `          - allow: {method: GET, path: "${"/**/a".repeat(800)}"}\n`, inRules),
  "deny rules with globs": () =>
    count(
      (i) => `          - {method: "*", path: "/**/${i}/**/*a*b*"}\n`,
      `${inRules.slice(0, -"        rules:\n".length)}        access: full\n        deny_rules:\n`,
    ),
  "stored queries": () =>
    count(
      (i) => `q${i}: {operation_type: query},`,
      `${inEndpoints}      - {host: a.example.com, port: 443, protocol: graphql, access: full, persisted_queries: allow_registered, graphql_persisted_queries: {`,
      "}}\n",
    ),
  "middleware settings": () =>
    count(
      (i) => `k${i}: [${i}],`,
      "version: 1\nnetwork_middlewares: {m: {middleware: x, endpoints: {include: [a.example.com]}, config: {",
      "}}}\n",
    ),
  "settings with the names of objects": () =>
    fill(
      "__proto__: {constructor: 1},",
      "version: 1\nnetwork_middlewares: {m: {middleware: x, endpoints: {include: [a.example.com]}, config: {",
      "}}}\n",
    ),
  "wildcard hosts": () => count((i) => `      - {host: "*.h${i}.example.com", port: 443}\n`, inEndpoints),
  "wide binaries": () =>
    count(
      (i) => `{path: "/**/b${i}"},`,
      `${policies}  x: {endpoints: [{host: a.example.com, port: 443}], binaries: [`,
      "]}\n",
    ),
  "a byte too many": () => fill("a", "version: 1\n# ", "aa"),
};
