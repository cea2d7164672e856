/** The quick reader of policies and the YAML library see the same tree, or the quick one leaves the text to the library. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import { printPolicy } from "../src/index.ts";
import { fromLibrary } from "../src/yaml/from-library.ts";
import type { YamlNode } from "../src/yaml/node.ts";
import { readQuickly } from "../src/yaml/quick.ts";
import { policies } from "./arbitrary-policy.ts";

function byLibrary(text: string): YamlNode | null | string {
  const document = parseDocument(text, { uniqueKeys: false, prettyErrors: false, version: "1.2", merge: false });
  const [fault] = [...document.errors, ...document.warnings];
  return fault === undefined ? fromLibrary(document.contents) : fault.message;
}

/** Where a value is left out, its place is a matter of taste: problems are told at the key. */
function bare(node: YamlNode | null): unknown {
  if (node === null) return "nothing";
  const { offset, mark } = node;
  if (node.kind === "map")
    return {
      offset,
      mark,
      pairs: node.pairs.map(({ key, keyOffset, node: value }) => [bare(key), keyOffset, bare(value)]),
    };
  if (node.kind === "list") return { offset, mark, items: node.items.map(bare) };
  return node.value === null && node.source === ""
    ? "nothing"
    : { offset, mark, value: node.value, source: node.source };
}

function agrees(text: string): boolean {
  const quick = readQuickly(text);
  if (quick === undefined) return false;
  const other = byLibrary(text);
  expect(typeof other === "string" ? { text, other } : bare(other)).toEqual(bare(quick));
  return true;
}

describe("is read quickly, as the library reads it:", () => {
  test.each([
    ["block style", "version: 1\na:\n  b: x\n  c:\n    - d: 1\n      e: f\n    -  g\nh: [1, two]\n"],
    ["a list at its key's column", "a:\n- b: 1\n  c: 2\n- d\ne: f\n"],
    ["comments everywhere", "# a\n\na: 1 # b\n# c\nb: # d\n  # e\n  c: x#y\n   # f\n"],
    ["flow over lines", "a: [1,\n  {b: c, 'd': \"e\"}, # x\n\n  f,\n  ]\n"],
    ["a document's beginning", "--- # x\na: 1\n"],
    ["Windows line ends", "a:\r\n  - b\r\n  - {c: d}\r\n"],
    ["no line end", "a: b"],
    ["nothing", ""],
    ["comments alone", "# a\n"],
    ["empty values", "a:\nb:\n  c:\nd: []\ne: {}\nf:\n  -\n  - x\n"],
    ["quotes", `a: "x # y: z"\nb: 'it''s'\n"c d": "\\u0041\\n"\n`],
    [
      "words that are more than text",
      "a: [1, 1.5, 1e3, 0x1f, 0o17, 017, +1, true, False, NULL, ~, .inf, yes, no, on, 1.2.3.4]\n443: x\n",
    ],
    ["paths, globs and times", "a: /usr/**\nb: 2026-01-01T00:00:00Z\nc: a:b\nd: {e: f:g, h: http://x}\n"],
    ["JSON in one line", '{"a":{"b":[1,"c"]},"d":null}\n'],
    ["the deepest list that is read", `${"[".repeat(32)}${"]".repeat(32)}\n`],
    ["the longest key that is read", `${"k".repeat(1000)}: 1\n`],
    ["as many values as are read", `[${"1,".repeat(249_999)}]\n`],
    ["lists in lists", "- - a\n  - b\n- - - c\n"],
  ])("%s", (_, text) => expect(agrees(text)).toBe(true));

  test("many a policy as it is printed, and the others as well", () => {
    let quick = 0;
    const runs = 40;
    fc.assert(
      fc.property(policies, (policy) => {
        // A key longer than YAML allows in one line, for example, is written with a question mark.
        if (agrees(printPolicy(policy))) quick += 1;
      }),
      { numRuns: runs },
    );
    expect(quick).toBeGreaterThan(runs / 10);
  });
});

describe("is left to the library:", () => {
  test.each([
    ["an anchor", "a: &b 1\n"],
    ["an alias", "a: *b\n"],
    ["a tag", "a: !!str 1\n"],
    ["a text over lines", "a: b\n  c\n"],
    ["a quoted text over lines", 'a: "b\n  c"\n'],
    ["a block text", "a: |\n  b\n"],
    ["an explicit key", "? a\n: b\n"],
    ["a tab", "a:\tb\n"],
    ["a second document", "a: 1\n---\nb: 2\n"],
    ["a directive", "%YAML 1.2\n---\na: 1\n"],
    ["a map in a line that is one already", "a: b: c\n"],
    ["a slip of indentation", "a:\n    b: 1\n  c: 2\n"],
    ["an unclosed bracket", "a: [1\n"],
    ["a comma alone", "a: [,]\n"],
    ["a flow line that is not indented", "a: [1,\n2]\n"],
    ["a key without a value in braces", "a: {b}\n"],
    ["a comment that touches a word", 'a: "b"# c\n'],
    ["a bad escape", 'a: "\\q"\n'],
    ["nesting beyond every field", `${"- ".repeat(40)}a\n`],
    ["one list more than is read", `${"[".repeat(33)}${"]".repeat(33)}\n`],
    ["a key one character too long", `${"k".repeat(1001)}: 1\n`],
    ["more values than a policy has", `[${"1,".repeat(1_000_000)}]\n`],
    ["a key as long as a page", `${"k".repeat(2000)}: 1\n`],
  ])("%s", (_, text) => expect(readQuickly(text)).toBeUndefined());
});

const piece = fc.constantFrom(
  ..."a|b|1|0x1|true|null|~|-|- |?|? |:|: |,|, |[|]|{|}|#| #|&x|*x|!t|'|\"|\\|||>|%|@|`|<<|.|...|---|\n|\n|\n  |\n    |\n- |\r\n| |  |\t|a: |b: |: b|/x/**|é|\u0000|\uFEFF".split(
    "|",
  ),
);

test("any text at all: the same tree, or left to the library", () => {
  let quick = 0;
  fc.assert(
    fc.property(
      fc.oneof(
        fc.array(piece, { maxLength: 14 }).map((list) => list.join("")),
        fc
          .array(
            fc.constantFrom(
              "a: 1",
              "b:",
              "  c: x",
              "  - d",
              "- e",
              "    f: [g, {h: i}]",
              "  j: 'k'",
              "# l",
              "",
              "  ",
              "m: {n: o,",
              "  p: q}",
            ),
            { maxLength: 8 },
          )
          .map((list) => list.join("\n")),
      ),
      (text) => {
        if (agrees(text)) quick += 1;
      },
    ),
    { numRuns: 20000 },
  );
  expect(quick).toBeGreaterThan(100);
});

test("a changed letter of a policy: the same tree, or left to the library", () => {
  fc.assert(
    fc.property(policies, fc.nat(), piece, fc.nat(6), (policy, seed, put, gone) => {
      const text = printPolicy(policy);
      const at = seed % text.length;
      agrees(text.slice(0, at) + put + text.slice(at + gone));
    }),
    { numRuns: 150 },
  );
});
