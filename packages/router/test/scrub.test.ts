import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createScrubber, needleSet } from "../src/scrub/index.ts";

const MASK = Buffer.from("[removed]");
const scrubberFor = (secrets: readonly Buffer[]) => {
  const set = needleSet(secrets.map((bytes) => ({ bytes })));
  return createScrubber({ needles: () => set, replacement: () => MASK });
};

/** What comes out at each piece, and at the end. */
function pass(secrets: readonly Buffer[], pieces: readonly Buffer[]): Buffer[] {
  const scrubber = scrubberFor(secrets);
  return [...pieces.map((piece) => scrubber.take(piece, false)), scrubber.take(Buffer.alloc(0), true)];
}

const piecesOf = (bytes: Buffer, cuts: readonly number[]): Buffer[] => {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  return places.slice(1).map((end, at) => bytes.subarray(places[at] ?? 0, end));
};

/** Letters of few kinds, so that guesses and secrets agree in much. */
const token = fc
  .string({ unit: fc.constantFrom("a", "b", "-"), minLength: 1, maxLength: 60 })
  .map((text) => Buffer.from(text));

describe("what leaves while a stream is searched", () => {
  it("attack: has the same sizes at the same moments whichever guess the agent has repeated, until it is whole", () => {
    fc.assert(
      fc.property(
        fc.array(token, { minLength: 1, maxLength: 3 }),
        fc.array(fc.tuple(fc.nat(2), fc.nat(60), fc.constantFrom("", " ", "\n", "xxxx", "x".repeat(700))), {
          maxLength: 12,
        }),
        fc.array(fc.nat(9000), { maxLength: 8 }),
        (secrets, guesses, cuts) => {
          const text = (letter: (part: Buffer) => Buffer) =>
            Buffer.concat(
              guesses.flatMap(([which, length, behind]) => [
                letter((secrets[which % secrets.length] ?? MASK).subarray(0, length)),
                Buffer.from(behind),
              ]),
            );
          const guessed = text((part) => part);
          fc.pre(!secrets.some((secret) => guessed.includes(secret)));
          const blind = text((part) => Buffer.alloc(part.length, "z"));
          const sizes = (bytes: Buffer) => pass(secrets, piecesOf(bytes, cuts)).map(({ length }) => length);
          expect(sizes(guessed)).toEqual(sizes(blind));
          expect(Buffer.concat(pass(secrets, piecesOf(guessed, cuts))).equals(guessed)).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("holds no secret, however it is cut and whatever stands around it", () => {
    fc.assert(
      fc.property(
        fc.array(token, { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(), { maxLength: 6 }),
        fc.nat(3),
        (secrets, cuts, which) => {
          const secret = secrets[which % secrets.length] ?? MASK;
          const bytes = Buffer.concat([Buffer.from("<<"), secret, Buffer.from("|"), secret, Buffer.from(">>")]);
          const out = Buffer.concat(pass(secrets, piecesOf(bytes, cuts)))
            .toString()
            .replaceAll("[removed]", "+");
          // A short secret inside a longer one changes nothing: of several at one place the longest goes.
          for (const one of secrets) expect(out.includes(one.toString())).toBe(false);
          expect(out.startsWith("<<") && out.endsWith(">>")).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it.each([
    ["a token: words and lines at once", "sk-live-0123456789", "to be \nor not", "to be \nor "],
    ["several words: lines at once", "correct horse battery", "to be \nor not", "to be \n"],
    ["several lines: neither", "-----BEGIN\nKEY", "to be \nor not", ""],
    ["a token without a line end", "sk-live-0123456789", "to be or", "to be "],
    ["several words without a line end", "correct horse battery", "to be or", ""],
  ])("waits, for %s", (_name, secret, text, now) => {
    const scrubber = scrubberFor([Buffer.from(secret)]);
    expect(scrubber.take(Buffer.from(text), false).toString()).toBe(now);
    expect(scrubber.take(Buffer.alloc(0), true).toString()).toBe(text.slice(now.length));
  });

  it("tells of a secret's length no more than its order, and bounds what waits by it", () => {
    const waiting = (length: number) => {
      const bytes = Buffer.alloc(40_000, "x");
      return bytes.length - scrubberFor([Buffer.alloc(length, "s")]).take(bytes, false).length;
    };
    expect([1, 20, 511, 512].map(waiting)).toEqual([512, 512, 512, 512]);
    expect([513, 1000, 1024].map(waiting)).toEqual([1024, 1024, 1024]);
    expect(waiting(16_384)).toBe(16_384);
  });

  it("finds a secret that wraps around every place of a long stream in pieces of every size", () => {
    const secret = Buffer.from("sk-ant-api03-0123456789abcdef");
    const text = Buffer.concat([Buffer.alloc(600, "s"), secret, Buffer.alloc(600, "k"), secret]);
    for (let size = 1; size < 64; size += 1) {
      const cuts = Array.from({ length: Math.floor(text.length / size) }, (_, at) => (at + 1) * size);
      const out = Buffer.concat(pass([secret], piecesOf(text, cuts))).toString();
      expect(out).toBe(`${"s".repeat(600)}[removed]${"k".repeat(600)}[removed]`);
    }
  });
});
