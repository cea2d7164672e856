import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createKeyScrubber, scrubText } from "../src/backend/scrub.ts";

/** Attack: a provider repeats the key that was sent to it, in an encoding of its own, cut wherever it likes. */
const KEY = "sk-ant-api03-aB/cD+eF=0123456789é?<Zz";
const MASK = "[credential removed]";

const bothCases = (text: string): string => {
  let upper = false;
  return text.replace(/%[0-9a-f]{2}|\\u[0-9a-f]{4}|&#x[0-9a-f]+;/gi, (code) => {
    upper = !upper;
    return upper ? code.toUpperCase().replace("\\U", "\\u").replace("&#X", "&#x") : code.toLowerCase();
  });
};
const hex = Buffer.from(KEY).toString("hex");
const everyUnit = KEY.split("")
  .map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`)
  .join("");
const everyByte = [...Buffer.from(KEY)].map((byte) => `%${byte.toString(16).padStart(2, "0")}`).join("");
const everyEntity = KEY.replace(/./gsu, (char) => `&#x${char.codePointAt(0)?.toString(16)};`);

const ECHOES: Record<string, string> = {
  "as it is": KEY,
  base64: Buffer.from(KEY).toString("base64"),
  "a Basic header": Buffer.from(`:${KEY}`).toString("base64"),
  "base64 for links": Buffer.from(`Bearer ${KEY}`).toString("base64url"),
  JSON: JSON.stringify(KEY),
  "JSON in JSON": JSON.stringify(JSON.stringify({ key: KEY })),
  "JSON of escapes alone, in both cases": bothCases(everyUnit),
  "a query": encodeURIComponent(KEY),
  "a query with escapes in both cases": bothCases(encodeURIComponent(KEY)),
  "escapes alone, in both cases": bothCases(everyByte),
  "entities in both cases": bothCases(everyEntity),
  "hex in both cases": hex.replace(/[a-f]/g, (digit, at: number) => (at % 3 === 0 ? digit.toUpperCase() : digit)),
};

/** Whether whoever reads this can have the key: what differs from it in the case of hex alone is it. */
const holds = (text: string, echo: string): boolean => text.toLowerCase().includes(echo.toLowerCase().slice(4, -4));

function through(bytes: Buffer, cuts: readonly number[]): Buffer {
  const scrubber = createKeyScrubber(KEY);
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  const pieces = places.slice(1).map((end, at) => scrubber.take(bytes.subarray(places[at] ?? 0, end), false));
  return Buffer.concat([...pieces, scrubber.take(Buffer.alloc(0), true)]);
}

describe("the model's key", () => {
  it.each(Object.entries(ECHOES))(
    "repeated as %s passes neither whole nor in pieces, whatever stands before it",
    (_name, echo) => {
      fc.assert(
        fc.property(
          fc.array(fc.nat(), { maxLength: 8 }),
          fc.constantFrom("", "%", "\\u", "&#x", "a", "F", " "),
          (cuts, before) => {
            const out = through(Buffer.from(`{"a":"${before}${echo}"}\n`), cuts).toString("utf8");
            expect(holds(out, echo)).toBe(false);
            expect(out).toContain(MASK);
            expect(out.startsWith(`{"a":"`)).toBe(true);
          },
        ),
        { numRuns: 100 },
      );
    },
  );

  it("in UTF-16 of either order passes neither", () => {
    const wide = Buffer.from(`a ${KEY} b`, "utf16le");
    expect(through(wide, [9, 30]).includes(Buffer.from(KEY, "utf16le"))).toBe(false);
    const big = Buffer.from(wide).swap16();
    expect(through(big, [9, 30]).includes(Buffer.from(KEY, "utf16le").swap16())).toBe(false);
  });

  it("in a header passes in no encoding", () => {
    expect(scrubText(`id-${Buffer.from(KEY).toString("base64url")}`, KEY)).not.toContain(
      Buffer.from(KEY).toString("base64url").slice(0, 20),
    );
    expect(scrubText(Buffer.from(KEY, "utf8").toString("latin1"), KEY)).toBe(MASK);
  });

  it("that changes is the one that is looked for", () => {
    expect(scrubText("first-key-0123", "first-key-0123")).toBe(MASK);
    expect(scrubText("first-key-0123 second-key-0123", "second-key-0123")).toBe(`first-key-0123 ${MASK}`);
  });

  it("leaves everything else as it is", () => {
    const text = '{"a":"b%2F\\u00ff&#xAB; AbCdEf 0123456789ABCDEF"}\n';
    expect(through(Buffer.from(text), [3, 20]).toString()).toBe(text);
  });
});
