import { describe, expect, test } from "vitest";
import { hostileFiles } from "../fuzz/hostile-files.ts";
import { mutate } from "../fuzz/mutate.ts";
import { Random } from "../fuzz/random.ts";
import { targets } from "../fuzz/targets.ts";
import { parsePolicy } from "../src/index.ts";
import { PROBLEMS_MAX, YAML_LEXEMES_MAX } from "../src/limits.ts";

/** A fixed portion; `node packages/policy/fuzz/main.mjs mutate` goes on for as long as one likes. */
const TEXTS_PER_TARGET = 250;

describe("no text makes a reader crash or break its invariants", () => {
  test.each(targets.map((target) => [target.name, target] as const))("%s", (_, target) => {
    const random = new Random(42);
    for (let i = 0; i < TEXTS_PER_TARGET; i++) {
      const text = mutate(target.seeds, random);
      try {
        target.run(text);
      } catch (error) {
        throw new Error(`${String(error)} for ${JSON.stringify(text.slice(0, 500))}`, { cause: error });
      }
    }
  });
});

/** How long they take is measured by the fuzzer: `node packages/policy/fuzz/main.mjs hostile`. */
describe("a hostile megabyte is refused with few problems", () => {
  test.each(["commas in a flow map", "closing brackets", "nesting of sixty, wide", "misspelt fields"])("%s", (name) => {
    const text = hostileFiles[name]?.() ?? "";
    expect(text.length).toBeGreaterThan(512 * 1024);
    const { policy, problems } = parsePolicy(text);
    expect(policy).toBeNull();
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.length).toBeLessThanOrEqual(PROBLEMS_MAX);
  });

  test("words, marks and line ends are counted: the last that fits is read, one more is refused", () => {
    // An anchor leaves the file to the library. Each empty line is one, and the first line and the ends of the stream take some.
    const linesOf = (count: number): string => `version: &a 1\n${"\n".repeat(count)}`;
    const refused = (count: number): boolean =>
      parsePolicy(linesOf(count)).problems.some(({ code }) => code === "too_large");
    expect(refused(YAML_LEXEMES_MAX - 20)).toBe(false);
    expect(refused(YAML_LEXEMES_MAX + 1)).toBe(true);
  });
});
