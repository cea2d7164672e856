import { randomBytes, randomInt } from "node:crypto";

/** 12 bits beside the milliseconds; starting low leaves room for thousands of ids in one of them. */
const COUNTER_MAX = 0xfff;
const COUNTER_START_MAX = 0xff;
let last = { ms: -1, counter: 0 };

/** UUID version 7 (RFC 9562, method 1): milliseconds, a counter that keeps one process's ids in order, then 62 random bits. */
export function newId(now: Date): string {
  const ms = now.getTime();
  const full = last.ms === ms && last.counter === COUNTER_MAX;
  last = { ms, counter: last.ms === ms && !full ? last.counter + 1 : randomInt(COUNTER_START_MAX) };
  const bytes = randomBytes(16);
  bytes.writeUIntBE(ms, 0, 6);
  bytes.writeUInt16BE(0x7000 | last.counter, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
