import { decode, encode } from "dns-packet";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerQuery } from "../src/dns/answer.ts";
import { DNS_MESSAGE_BYTES_MAX, DNS_TTL_SECONDS } from "../src/limits.ts";

const ADDRESS = "198.18.7.7";
const ask = (bytes: Buffer) => answerQuery(bytes, () => ADDRESS)?.reply ?? null;

const head = (counts: readonly number[], flags = 0x0100) => {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt16BE(7, 0);
  bytes.writeUInt16BE(flags, 2);
  for (const [n, count] of counts.entries()) bytes.writeUInt16BE(count, 4 + 2 * n);
  return bytes;
};
const ONE = head([1, 0, 0, 0]);
const A_IN = Buffer.from("00010001", "hex");
const nameOf = (labels: readonly string[]) =>
  Buffer.concat([...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label)])), Buffer.from([0])]);
const QUESTION = Buffer.concat([nameOf(["api", "example", "com"]), A_IN]);

const label = fc.stringMatching(/^[a-z0-9-]{1,20}$/);
const hostName = fc.array(label, { minLength: 1, maxLength: 10 }).map((labels) => labels.join("."));

describe("a query of a sandbox", () => {
  it("is answered as every reader of DNS understands it", () => {
    fc.assert(
      fc.property(hostName, fc.constantFrom("A", "AAAA", "TXT", "ANY", "HTTPS"), fc.nat(65_535), (name, type, id) => {
        const reply = decode(
          ask(encode({ type: "query", id, questions: [{ type, class: "IN", name }] })) ?? Buffer.of(),
        );
        expect(reply).toMatchObject({ id, type: "response", questions: [{ name, class: "IN" }] });
        const record = { type: "A", class: "IN", name, ttl: DNS_TTL_SECONDS, data: ADDRESS };
        expect(reply.answers).toMatchObject(type === "A" ? [record] : []);
      }),
    );
  });

  it("is answered alike whatever stands behind its question", () => {
    const alone = ask(Buffer.concat([ONE, QUESTION]));
    expect(alone).not.toBeNull();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (behind, counted) => {
        const start = head([1, 0, 0, counted ? 1 : 0]);
        expect(ask(Buffer.concat([start, QUESTION, behind]))).toEqual(alone);
      }),
    );
  });

  it.each([
    ["counts of 65,535 in twelve bytes", head([65_535, 65_535, 65_535, 65_535])],
    ["counts of 65,535 behind a question", Buffer.concat([head([1, 65_535, 65_535, 65_535]), QUESTION])],
    ["an answer beside its question", Buffer.concat([head([1, 1, 0, 0]), QUESTION])],
    ["an authority beside its question", Buffer.concat([head([1, 0, 1, 0]), QUESTION])],
    ["two records behind it", Buffer.concat([head([1, 0, 0, 2]), QUESTION])],
    ["two questions", Buffer.concat([head([2, 0, 0, 0]), QUESTION, QUESTION])],
    ["no question", head([0, 0, 0, 0])],
    ["a name that is a pointer", Buffer.concat([ONE, Buffer.from("c00c", "hex"), A_IN])],
    ["a name that ends in a pointer", Buffer.concat([ONE, Buffer.from("0161c00c", "hex"), A_IN])],
    ["a label of sixty-four", Buffer.concat([ONE, nameOf(["a".repeat(64)]), A_IN])],
    ["the mark of an answer", Buffer.concat([head([1, 0, 0, 0], 0x8180), QUESTION])],
  ])("with %s gets no answer, and no name is looked at", (_what, bytes) => {
    const asked: string[] = [];
    const answer = answerQuery(bytes, (name) => {
      asked.push(name);
      return ADDRESS;
    });
    expect(answer).toBeNull();
    expect(asked).toEqual([]);
  });

  it("that is cut anywhere gets no answer", () => {
    const whole = Buffer.concat([ONE, QUESTION]);
    for (let bytes = 0; bytes < whole.length; bytes += 1) expect(ask(whole.subarray(0, bytes))).toBeNull();
  });

  it("has a name of at most 255 bytes", () => {
    const labels = Array.from({ length: 3 }, () => "a".repeat(63));
    const ofLast = (length: number) => Buffer.concat([ONE, nameOf([...labels, "b".repeat(length)]), A_IN]);
    expect(ask(ofLast(61))).not.toBeNull();
    expect(ask(ofLast(62))).toBeNull();
  });

  it("has at most as many bytes as one may have over UDP", () => {
    const ofBytes = (length: number) =>
      Buffer.concat([ONE, QUESTION, Buffer.alloc(length - ONE.length - QUESTION.length)]);
    expect(ask(ofBytes(DNS_MESSAGE_BYTES_MAX))).not.toBeNull();
    expect(ask(ofBytes(DNS_MESSAGE_BYTES_MAX + 1))).toBeNull();
  });

  it("in another class or for another work is answered that it is not done", () => {
    const notDone = (bytes: Buffer) => (ask(bytes)?.[3] ?? 0) & 15;
    expect(notDone(Buffer.concat([ONE, nameOf(["version", "bind"]), Buffer.from("00100003", "hex")]))).toBe(4);
    expect(notDone(Buffer.concat([head([1, 0, 0, 0], 0x2900), QUESTION]))).toBe(4);
  });
});
