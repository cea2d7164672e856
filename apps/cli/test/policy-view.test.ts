import { expect, test } from "vitest";
import { type Paint, painter } from "../src/io.ts";
import { excerpt as excerptOf, linesOf } from "../src/policy/view/excerpt.ts";
import { problemView } from "../src/policy/view/problems.ts";
import { table } from "../src/policy/view/table.ts";
import { textDiff } from "../src/policy/view/text-diff.ts";
import { wrap } from "../src/policy/view/wrap.ts";

const plain = painter(false);
const excerpt = (yaml: string, place: Parameters<typeof excerptOf>[1], paint: Paint) =>
  excerptOf(linesOf(yaml), place, paint);
const at = (line: number, column: number) => ({ line, column, field: "" });

test("the caret stands under the word, also behind wide signs, and is as long as it", () => {
  expect(excerpt("a: 1\n東京: xyz, b\n", at(2, 5), plain)).toEqual([
    "  1 | a: 1",
    "  2 | 東京: xyz, b",
    "    |       ^^^",
  ]);
  expect(excerpt('x: "a b": 1', at(1, 4), plain)).toEqual(['  1 | x: "a b": 1', "    |    ^^^^^"]);
  expect(excerpt("ab", at(1, 3), plain)).toEqual(["  1 | ab", "    |   ^"]);
});

test("a line of a minified file is cut around the column, and the caret goes along", () => {
  const [, line = "", caret = ""] = excerpt(`first\n${"x".repeat(5000)} here${"y".repeat(5000)}`, at(2, 5002), plain);
  expect(line.length).toBeLessThan(160);
  expect(line.slice(caret.indexOf("^"), caret.indexOf("^") + 4)).toBe("here");
});

test("a place outside the text has no excerpt; Windows line ends do not show", () => {
  expect(excerpt("a\n", at(9, 1), plain)).toEqual([]);
  expect(excerpt("a: 1\r\nb: 2\r\n", at(2, 1), plain)[1]).toBe("  2 | b: 2");
});

test("what a file or a sandbox says cannot steer the terminal", () => {
  expect(excerpt("a: \u001b[2J\u009b", at(1, 4), plain).join("")).not.toContain("\u001b");
  expect(table([{ heading: "H" }], [["\u001b[31m\u0007"]], plain).join("")).not.toContain("\u001b");
});

test("columns stand in line, numbers to the right, and a cell of a hostile path is cut", () => {
  const lines = table(
    [{ heading: "N", right: true }, { heading: "PATH" }],
    [
      ["1", "/a"],
      ["10", "x".repeat(100)],
    ],
    plain,
  );
  expect(lines.slice(0, 2)).toEqual([" N  PATH", " 1  /a"]);
  expect(lines[2]?.length).toBe(4 + 72);
});

test("a difference shows what changed with three lines around it and leaves out the rest", () => {
  const lines = Array.from({ length: 20 }, (_, i) => ({
    kind: "same" as const,
    text: `l${i + 1}`,
    oldLine: i + 1,
    newLine: i + 1,
  }));
  const shown = textDiff([...lines.slice(0, 5), { kind: "added", text: "new", newLine: 6 }, ...lines.slice(5)], plain);
  expect(shown).toEqual(["  3   l3", "  4   l4", "  5   l5", "  6 + new", "  6   l6", "  7   l7", "  8   l8"]);
  expect(textDiff(lines, plain)).toEqual([]);
});

test("colours are there only where they were asked for", () => {
  const caret = excerpt("a: b", at(1, 1), painter(true)).join("");
  expect(caret).toContain("\u001b[31m^\u001b[0m");
});

test("a field is named once: in the message, or behind it", () => {
  const head = (message: string, field: string): string | undefined => {
    const problem = {
      code: "c",
      severity: "error",
      place: { line: 9, column: 1, field },
      message,
      remedy: "r",
    } as const;
    return problemView({ title: "f", lines: [], columns: null }, problem, plain)[0];
  };
  expect(head("There is no field `x` here.", "a.b.x")).toBe("f:9:1: error: There is no field `x` here. [c] (a.b)");
  expect(head("There is no field `x` here.", "x")).toBe("f:9:1: error: There is no field `x` here. [c]");
  expect(head("Field a.b.x is a list.", "a.b.x")).toBe("f:9:1: error: Field a.b.x is a list. [c]");
  expect(head("A process is none.", "process")).toBe("f:9:1: error: A process is none. [c] (process)");
  expect(head("Wrong.", "")).toBe("f:9:1: error: Wrong. [c]");
});

test("a sentence breaks at spaces alone, and colours are of no width", () => {
  const options = { columns: 24, indent: 2 };
  expect(wrap("one two three four five six", options)).toEqual(["one two three four five", "  six"]);
  expect(wrap(`one ${"x".repeat(40)} two`, options)).toEqual(["one", `  ${"x".repeat(40)}`, "  two"]);
  expect(wrap(painter(true)("red", "one two three four five"), options)).toHaveLength(1);
  expect(wrap("word ".repeat(50), { columns: null, indent: 2 })).toHaveLength(1);
});
