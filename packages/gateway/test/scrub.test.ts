import { once } from "node:events";
import { formsOf } from "@creel/router/scrub";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { envelopeEnds, isEnveloped, mayChangeLength } from "../src/credentials/framing.ts";
import { inBlocks } from "../src/credentials/inflate.ts";
import { createScrubber, type Secret, scrubPairs, scrubText } from "../src/credentials/scrub.ts";
import { scrubFrames } from "../src/credentials/webSocketScrub.ts";

const SECRET = 'sk/live+"0123"é?<&>=%~ end';
const PLACEHOLDER = "creel-placeholder-TOKEN-0123456789abcdef";
const secrets: readonly Secret[] = [{ value: SECRET, placeholder: PLACEHOLDER }];

/** What comes out when the bytes arrive cut at these places. */
function through(bytes: Buffer, cuts: readonly number[], all = secrets): string {
  const scrubber = createScrubber(() => all);
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  const out = places.slice(1).map((end, at) => scrubber.take(bytes.subarray(places[at] ?? 0, end), false));
  return Buffer.concat([...out, scrubber.take(Buffer.alloc(0), true)]).toString("utf8");
}

const unit = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
const escapes = (text: string) => text.split("").map(unit).join("");
const dotNetJson = (text: string) =>
  text.replace(/["&'+<>`]|[^\x20-\x7e]/g, (char) => `\\u${unit(char).slice(2).toUpperCase()}`);
/** As where two writers escaped parts of one text: every second digit of hex in capitals. */
const inBothCases = (text: string) => {
  let upper = false;
  return text.replace(/(%|\\u|&#x)([0-9a-f]+)/gi, (_, mark: string, digits: string) => {
    upper = !upper;
    return mark + (upper ? digits.toUpperCase() : digits.toLowerCase());
  });
};
const MUSTACHE: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const mustache = (text: string) =>
  text
    .replace(/[&<>"']/g, (char) => MUSTACHE[char] ?? char)
    .replace(/[`=/]/g, (char) => `&#x${char.charCodeAt(0).toString(16).toUpperCase()};`);

const ENCODERS: [string, (text: string) => string][] = [
  ["as it is", (text) => text],
  ["JSON", (text) => JSON.stringify({ echo: text })],
  ["JSON in JSON", (text) => JSON.stringify({ line: JSON.stringify({ echo: text }) })],
  [
    "JSON of ASCII alone",
    (text) =>
      JSON.stringify(text).replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`),
  ],
  ["JSON as .NET writes it", (text) => dotNetJson(text)],
  ["JSON as .NET writes it, in JSON", (text) => JSON.stringify({ line: `{"a":"${dotNetJson(text)}"}` })],
  ["JSON of escapes alone", (text) => escapes(text)],
  ["JSON of upper-case escapes alone", (text) => escapes(text).toUpperCase().replaceAll("\\U", "\\u")],
  ["decimal entities", (text) => text.replace(/./gsu, (char) => `&#${char.codePointAt(0)};`)],
  ["hexadecimal entities", (text) => text.replace(/./gsu, (char) => `&#x${char.codePointAt(0)?.toString(16)};`)],
  [
    "upper-case entities of what is no letter",
    (text) => text.replace(/[^A-Za-z0-9]/gu, (char) => `&#x${char.codePointAt(0)?.toString(16).toUpperCase()};`),
  ],
  ["a link with escapes in both cases", (text) => inBothCases(encodeURIComponent(text))],
  ["JSON of escapes in both cases", (text) => inBothCases(escapes(text))],
  [
    "entities in both cases",
    (text) => inBothCases(text.replace(/./gsu, (char) => `&#x${char.codePointAt(0)?.toString(16)};`)),
  ],
  ["a template engine's HTML", (text) => mustache(text)],
  [
    "a lower-case link in a link",
    (text) => encodeURIComponent(encodeURIComponent(text).replace(/%../g, (code) => code.toLowerCase())),
  ],
  ["a query", (text) => `https://x.example/?a=${encodeURIComponent(text)}&b`],
  ["a form", (text) => new URLSearchParams({ a: text }).toString()],
  [
    "a link in a link",
    (text) => encodeURIComponent(new URLSearchParams({ a: text }).toString().replaceAll("+", "%20")),
  ],
  [
    "lower-case escapes",
    (text) => encodeURIComponent(text).toLowerCase().replace("sk%2flive%2b%220123", "sk%2flive%2b%220123"),
  ],
  ["hex", (text) => Buffer.from(text).toString("hex")],
  ["upper-case hex", (text) => Buffer.from(text).toString("hex").toUpperCase()],
  [
    "HTML",
    (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;"),
  ],
  ["base64", (text) => Buffer.from(text).toString("base64")],
  ["base64 after one byte", (text) => Buffer.from(`u${text}`).toString("base64")],
  ["base64 after two bytes, as Basic", (text) => `Basic ${Buffer.from(`u:${text}`).toString("base64")}`],
  ["base64 with text behind", (text) => Buffer.from(`{"k":"${text}"}`).toString("base64")],
  ["base64url", (text) => Buffer.from(`--${text}`).toString("base64url")],
];

describe("the scrubber", () => {
  it.each(ENCODERS)("finds a secret written as %s, at every place where chunks can be cut", (_name, encode) => {
    const text = `before ${encode(SECRET)} after`;
    const whole = through(Buffer.from(text), []);
    expect(whole).toContain(PLACEHOLDER);
    expect(whole.startsWith("before ")).toBe(true);
    expect(whole.endsWith(" after")).toBe(true);
    for (let cut = 1; cut < text.length; cut += 1) expect(through(Buffer.from(text), [cut])).toBe(whole);
  });

  it("lets no form of any secret pass, however text and cuts fall, and changes nothing else", () => {
    const value = fc.string({ minLength: 6, maxLength: 40, unit: "grapheme-ascii" });
    fc.assert(
      fc.property(
        value,
        fc.array(fc.nat(), { maxLength: 6 }),
        fc.nat(15),
        fc.string(),
        (secret, cuts, which, noise) => {
          const all = [{ value: secret, placeholder: "[*]" }];
          const forms = formsOf(secret);
          const form = forms[which % forms.length] ?? secret;
          fc.pre(!noise.includes(form) && !forms.some((one) => "[*]".includes(one)));
          const out = through(Buffer.from(`${noise}${form}${noise}${form}`), cuts, all);
          expect(out).not.toContain(form);
          const clean = `${noise} nothing here`;
          if (!forms.some((one) => clean.includes(one))) expect(through(Buffer.from(clean), cuts, all)).toBe(clean);
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each([
    ["little", (text: string) => Buffer.from(text, "utf16le")],
    ["big", (text: string) => Buffer.from(text, "utf16le").swap16()],
  ])("finds a secret in UTF-16 of %s end, at every cut, and leaves the rest readable", (_name, encode) => {
    const text = encode(`before ${SECRET} after`);
    const masked = encode(`before ${"*".repeat(SECRET.length)} after`);
    for (let cut = 0; cut < text.length; cut += 1) {
      const out = (keepLength: boolean) => {
        const scrubber = createScrubber(() => secrets, { keepLength });
        return Buffer.concat([scrubber.take(text.subarray(0, cut), false), scrubber.take(text.subarray(cut), true)]);
      };
      expect(out(false)).toEqual(encode(`before ${PLACEHOLDER} after`));
      expect(out(true)).toEqual(masked);
    }
  });

  it("takes the longer of two secrets whole, also when a chunk ends behind the shorter", () => {
    const all = [
      { value: "token-abc", placeholder: "[short]" },
      { value: "token-abc-and-more", placeholder: "[long]" },
    ];
    expect(through(Buffer.from("x token-abc-and-more y"), [11], all)).toBe("x [long] y");
    expect(through(Buffer.from("x token-abc-and-less y"), [11], all)).toBe("x [short]-and-less y");
  });

  it("keeps every length where it is told to, whichever form and however it is cut", () => {
    for (const form of formsOf(SECRET))
      for (let cut = 1; cut < form.length; cut += 7) {
        const scrubber = createScrubber(() => secrets, { keepLength: true });
        const bytes = Buffer.from(`a${form}b`);
        const out = [scrubber.take(bytes.subarray(0, cut), false), scrubber.take(bytes.subarray(cut), true)];
        const text = Buffer.concat(out).toString("utf8");
        expect(text).toMatch(/^a(\*+|A+)b$/);
        expect(text).toHaveLength(bytes.length);
      }
  });

  it("passes a line as soon as it ends", () => {
    const scrubber = createScrubber(() => secrets);
    expect(scrubber.take(Buffer.from("data: one\n\n"), false).toString()).toBe("data: one\n\n");
    expect(scrubber.take(Buffer.from("data: sk/li"), false).toString()).toBe("");
    expect(scrubber.take(Buffer.from("on\n\n"), false).toString()).toBe("data: sk/lion\n\n");
  });

  it("does not tell a guess that begins a secret from one that does not, by what it holds back", () => {
    const sizes = (guess: string) => {
      const scrubber = createScrubber(() => secrets);
      const chunks = [`${"x".repeat(3000)}${guess}`, guess, `\n${guess}`, "y".repeat(200)];
      return chunks.map((chunk) => scrubber.take(Buffer.from(chunk), false).length);
    };
    for (const form of formsOf(SECRET))
      for (let length = 1; length < form.length; length += 1) {
        const guess = form.slice(0, length);
        const bytes = Buffer.byteLength(guess);
        expect(sizes(guess)).toEqual(sizes("z".repeat(bytes)));
      }
  });

  it("passes a message of gRPC as soon as it ends, and none that is compressed", () => {
    const message = (text: string, flags = 0) => {
      const head = Buffer.alloc(5);
      head.writeUInt8(flags);
      head.writeUInt32BE(text.length, 1);
      return Buffer.concat([head, Buffer.from(text)]);
    };
    const bytes = Buffer.concat([message("one"), message(""), message("three")]);
    const ends = [8, 13, bytes.length];
    for (let cut = 1; cut < bytes.length; cut += 1) {
      const whole = envelopeEnds();
      expect([whole(bytes.subarray(0, cut)), whole(bytes.subarray(cut))]).toEqual([ends.includes(cut), true]);
    }
    expect(() => envelopeEnds()(message("x", 1))).toThrow("compressed");
    const lost = envelopeEnds();
    expect([lost(Buffer.from('{"a":1}')), lost(message("one"))]).toEqual([false, false]);
  });

  it("searches the rest of a stream for a value that came into use after it began", () => {
    let live: readonly Secret[] = [{ value: "old-value-1", placeholder: "[*]" }];
    const scrubber = createScrubber(() => live);
    expect(scrubber.take(Buffer.from("old-value-1 new-value-2;\n"), false).toString()).toBe("[*] new-value-2;\n");
    live = [{ value: "new-value-2", placeholder: "[*]" }, ...live];
    expect(scrubber.take(Buffer.from("old-value-1 new-value-2;"), true).toString()).toBe("[*] [*];");
  });

  it("searches header values, and drops a header that is named after a secret", () => {
    const all = [{ value: "sk-live-0123456789", placeholder: "[*]" }];
    const pairs: [string, string][] = [
      ["location", "https://x.example/?k=sk-live-0123456789"],
      ["SK-Live-0123456789", "1"],
      ["x", "\xe9t\xe9"],
    ];
    expect(scrubPairs(pairs, all)).toEqual([
      ["location", "https://x.example/?k=[*]"],
      ["x", "\xe9t\xe9"],
    ]);
    expect(scrubText("Bad sk-live-0123456789", all)).toBe("Bad [*]");
  });
});

/** One frame of a server. */
function frame(opcode: number, text: string | Buffer, fin = true): Buffer {
  const payload = Buffer.from(text);
  const head = payload.length < 126 ? [payload.length] : [126, payload.length >> 8, payload.length & 0xff];
  return Buffer.concat([Buffer.from([(fin ? 0x80 : 0) | opcode, ...head]), payload]);
}

/** Messages and control frames as a client reads them. */
function read(bytes: Buffer): { opcode: number; text: string }[] {
  const found: { opcode: number; text: string }[] = [];
  let open: { opcode: number; text: string } = { opcode: 0, text: "" };
  for (let at = 0; at < bytes.length; ) {
    const opcode = (bytes[at] ?? 0) & 0x0f;
    const fin = ((bytes[at] ?? 0) & 0x80) !== 0;
    const short = bytes[at + 1] ?? 0;
    const start = at + (short === 126 ? 4 : 2);
    const length = short === 126 ? bytes.readUInt16BE(at + 2) : short;
    const text = bytes.subarray(start, start + length).toString();
    at = start + length;
    if (opcode >= 8) found.push({ opcode, text });
    else {
      open = opcode === 0 ? { ...open, text: open.text + text } : { opcode, text };
      if (fin) found.push(open);
    }
  }
  return found;
}

async function filtered(bytes: Buffer, cut: number): Promise<{ opcode: number; text: string }[]> {
  const all = [{ value: "sk-live-0123456789", placeholder: "[*]" }];
  const stream = scrubFrames(() => all);
  stream.write(bytes.subarray(0, cut));
  stream.end(bytes.subarray(cut));
  const out: Buffer[] = [];
  for await (const chunk of stream) out.push(chunk);
  return read(Buffer.concat(out));
}

describe("what was inflated", () => {
  it("attack: leaves in the same blocks however well a server packed it", async () => {
    const text = Buffer.alloc(50_000, "guess ");
    for (const size of [1000, 16_384, 30_000, 50_000]) {
      const blocks = inBlocks();
      const out: Buffer[] = [];
      blocks.on("data", (block: Buffer) => out.push(block));
      for (let at = 0; at < text.length; at += size) blocks.write(text.subarray(at, at + size));
      blocks.end();
      await once(blocks, "end");
      expect(out.map(({ length }) => length)).toEqual([16_384, 16_384, 16_384, 848]);
      expect(Buffer.concat(out).equals(text)).toBe(true);
    }
  });
});

describe("a body may change its length", () => {
  it.each([
    undefined,
    "",
    "text/html; charset=utf-8",
    "text/event-stream",
    "application/json",
    "Application/JSON;x=1",
    "application/problem+json",
    "application/atom+xml",
    "application/x-ndjson",
  ])("when its type is %s", (type) => expect(mayChangeLength(type)).toBe(true));
  it.each([
    "application/grpc",
    "application/grpc+json",
    "application/grpc-web+json",
    "application/grpc-web-text",
    "application/connect+json",
    "application/octet-stream",
    "application/vnd.amazon.eventstream",
    "application/zip",
    "application/x-git-upload-pack-result",
    "image/png",
    "multipart/mixed",
  ])("but not when it is %s", (type) => expect(mayChangeLength(type)).toBe(false));
  it("and in a request neither, where messages stand behind their lengths", () => {
    expect(["application/grpc+json", "application/connect+json", "application/grpc-web+json"].every(isEnveloped)).toBe(
      true,
    );
    expect(isEnveloped("application/json")).toBe(false);
  });
});

describe("a server's WebSocket frames", () => {
  it("hide a secret that comes in fragments, with a ping between them", async () => {
    const bytes = Buffer.concat([
      frame(1, "a sk-li", false),
      frame(9, "p sk-live-0123456789"),
      frame(0, "ve-01234", false),
      frame(0, "56789 z"),
      frame(2, `${"x".repeat(300)}sk-live-0123456789`),
      frame(8, Buffer.concat([Buffer.from([3, 232]), Buffer.from("sk-live-0123456789")])),
    ]);
    for (let cut = 1; cut < bytes.length; cut += 1) {
      const frames = await filtered(bytes, cut);
      expect(frames.map(({ text }) => text)).toEqual([
        "p [*]",
        "a [*] z",
        `${"x".repeat(300)}${"*".repeat(18)}`,
        "\x03\ufffd[*]",
      ]);
      expect(frames.map(({ opcode }) => opcode)).toEqual([9, 1, 2, 8]);
    }
  });

  it.each([
    ["a compressed frame", Buffer.from([0xc1, 0])],
    ["a masked frame", Buffer.from([0x81, 0x80, 0, 0, 0, 0])],
    ["a fragment of nothing", frame(0, "x")],
    ["a message inside a message", Buffer.concat([frame(1, "x", false), frame(1, "y")])],
    ["a control frame in fragments", frame(9, "x", false)],
  ])("end the connection with %s", async (_name, bytes) => {
    await expect(filtered(bytes, 1)).rejects.toThrow(/cannot be read/);
  });
});
