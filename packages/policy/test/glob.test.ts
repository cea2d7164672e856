import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalPattern } from "../src/engine/clause.ts";
import { foldText } from "../src/glob/fold.ts";
import { machineMatcher } from "../src/glob/machine.ts";
import { shapeMatcher } from "../src/glob/shapes.ts";
import { globTokens } from "../src/glob.ts";
import { compileGlob, globProblem } from "../src/index.ts";

const SEPARATORS = { path: "/", host: ".", binary: "/", value: "" } as const;
type Kind = keyof typeof SEPARATORS;
const isKind = (text: string): text is Kind => text in SEPARATORS;

/** Counts how often a character of it is looked at: what goes back and tries again reads some of them twice. */
class CountedText extends String {
  reads = 0;
  override charCodeAt(at: number): number {
    this.reads += 1;
    return super.charCodeAt(at);
  }
}
/** Of a text the machine asks for nothing but its length and character codes, which an object of it has as well. */
const asText = (text: CountedText): string => text as unknown as string;

const page = readFileSync(new URL("../../../docs/policy/meaning.md", import.meta.url), "utf8");
const rows = page.split("\n").flatMap((line) => {
  const [, kind = "", pattern = "", yes = "", no = ""] = line.split("|").map((cell) => cell.trim());
  const texts = (cell: string) => [...cell.matchAll(/`([^`]*)`/g)].map((match) => match[1] ?? "");
  return isKind(kind) ? [{ kind, pattern: texts(pattern)[0] ?? "", yes: texts(yes), no: texts(no) }] : [];
});

describe("the table of docs/policy/meaning.md holds", () => {
  test("and is there", () => expect(rows.length).toBeGreaterThanOrEqual(20));
  test.each(rows)("$kind $pattern", ({ kind, pattern, yes, no }) => {
    const matches = compileGlob(kind === "path" ? canonicalPattern(pattern) : pattern, { separator: SEPARATORS[kind] });
    expect(yes.filter((text) => !matches(text))).toEqual([]);
    expect(no.filter(matches)).toEqual([]);
  });
});

/** Slow and obvious: tries every way in which the pattern could stand for the text. */
function oracle(pattern: string, text: string, separator: string, atStart = true): boolean {
  if (pattern === "") return text === "";
  if (separator === "/" && atStart && pattern.startsWith("**/")) {
    if (oracle(pattern.slice(3), text, separator, true)) return true;
    for (let i = 0; i < text.length; i++)
      if (text[i] === "/" && oracle(pattern.slice(3), text.slice(i + 1), separator, true)) return true;
    return false;
  }
  const stars = pattern.startsWith("**") ? 2 : pattern.startsWith("*") ? 1 : 0;
  if (stars > 0) {
    for (let i = 0; i <= text.length; i++) {
      if (oracle(pattern.slice(stars), text.slice(i), separator, false)) return true;
      if (stars === 1 && separator !== "" && text[i] === separator) return false;
    }
    return false;
  }
  const [head = "", rest = ""] = [pattern[0], pattern.slice(1)];
  if (text === "") return false;
  if (head === "?" ? text[0] === separator : head !== text[0]) return false;
  return oracle(rest, text.slice(1), separator, head === "/");
}

describe("the matcher", () => {
  test("agrees with a slow, obvious one", () => {
    const pattern = fc
      .array(fc.constantFrom("a", "b", "/", ".", "*", "**", "?", "**/", "/**/", "/*"), { maxLength: 7 })
      .map((parts) => parts.join(""));
    const text = fc.array(fc.constantFrom("a", "b", "/", "."), { maxLength: 8 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(pattern, text, fc.constantFrom<"/" | "." | "">("/", ".", ""), (p, t, separator) => {
        fc.pre(globProblem(p) === null);
        expect(compileGlob(p, { separator })(t)).toBe(oracle(p, t, separator));
      }),
      { numRuns: 20_000 },
    );
  });

  const pattern = fc
    .array(fc.constantFrom("a", "b", "É", "/", ".", "*", "**", "?", "[a-b]", "[!A]", "**/", "/**/", "/*"), {
      maxLength: 8,
    })
    .map((parts) => parts.join(""))
    .filter((text) => globProblem(text) === null);
  const text = fc
    .array(fc.constantFrom("a", "B", "é", "/", ".", "K", "x"), { maxLength: 9 })
    .map((parts) => parts.join(""));
  const separator = fc.constantFrom<"/" | "." | "">("/", ".", "");
  const machine = (p: string, s: "/" | "." | "", ignoreCase: boolean) =>
    machineMatcher(globTokens(p, s), { separatorCode: s === "" ? -1 : s.charCodeAt(0), ignoreCase });

  test("means the same as a comparison of texts and as a machine", () => {
    let shapes = 0;
    fc.assert(
      fc.property(pattern, text, separator, fc.boolean(), (p, t, s, ignoreCase) => {
        const shape = shapeMatcher(p, { separator: s, ignoreCase });
        if (shape === null) return;
        shapes++;
        expect(shape(t)).toBe(machine(p, s, ignoreCase)(t));
      }),
      { numRuns: 20_000 },
    );
    expect(shapes).toBeGreaterThan(3_000);
  });
  test("means the same as a machine of one word and of several", () => {
    // Behind forty plain characters the same pattern no longer fits into one word.
    const front = "y".repeat(40);
    fc.assert(
      fc.property(pattern, text, separator, fc.boolean(), (p, t, s, ignoreCase) => {
        fc.pre(!p.startsWith("**/"));
        expect(machine(`${front}${p}`, s, ignoreCase)(`${front}${t}`)).toBe(machine(p, s, ignoreCase)(t));
      }),
      { numRuns: 10_000 },
    );
  });
  test("means the same behind wildcards in other words, which those of the pattern overtake", () => {
    const y = "y".repeat(40);
    const half = "y".repeat(20);
    const fronts = [
      [`*${y}`, `x${y}`],
      [`**${half}*${half}`, `x/${y}`],
      [`**/${y}`, `x/x/${y}`],
      [`*x**${half}*${half}`, `xx/x${y}`],
    ] as const;
    fc.assert(
      fc.property(pattern, text, separator, fc.constantFrom(...fronts), (p, t, s, [front, frontText]) => {
        fc.pre(!p.startsWith("**/"));
        expect(machine(`${front}${p}`, s, false)(`${frontText}${t}`)).toBe(machine(p, s, false)(t));
      }),
      { numRuns: 10_000 },
    );
  });
  test("where case does not count, is the same for folded texts", () => {
    fc.assert(
      fc.property(text, (t) => {
        expect(compileGlob(foldText(t), { separator: "/", ignoreCase: true })(t)).toBe(true);
        expect(foldText(foldText(t))).toBe(foldText(t));
      }),
    );
    for (const [a, b] of [
      ["K", "k"],
      ["\u212a", "k"],
      ["\u017f", "S"],
      ["É", "é"],
    ] as const)
      for (const glob of [a, `${a}*`, `[${a}]`])
        expect(compileGlob(glob, { separator: "/", ignoreCase: true })(b), `${glob} ${b}`).toBe(true);
  });

  test("reads each character once, whatever the pattern was made to explode", () => {
    const evil = compileGlob(`/${"a*".repeat(200)}b`, { separator: "/" });
    const deep = compileGlob(`${"**/a".repeat(100)}`, { separator: "/" });
    const widest = compileGlob(`*${"a".repeat(4_000)}b*`, { separator: "" });
    const many = Array.from({ length: 16_000 }, (_, i) => String.fromCharCode(256 + i)).join("");
    for (const [glob, text] of [
      [evil, `/${"a".repeat(16_000)}`],
      [deep, "/a".repeat(8_000)],
      [widest, "a".repeat(16_000)],
      [widest, many],
    ] as const) {
      const counted = new CountedText(text);
      glob(asText(counted));
      expect(counted.reads).toBe(text.length);
    }
  });

  test.each(["{a,b}", "a\\b", "a***b", "[a", "a]", "[z-a]", "a\u0000", "x".repeat(5000)])("refuses %j", (pattern) => {
    expect(globProblem(pattern)).not.toBeNull();
    expect(() => compileGlob(pattern, { separator: "/" })).toThrow(RangeError);
  });

  test("a class never matches the separator, not even negated", () => {
    expect(compileGlob("/a[!x]b", { separator: "/" })("/a/b")).toBe(false);
    expect(compileGlob("/a[.-0]b", { separator: "/" })("/a/b")).toBe(false);
  });
});
