import type { Random } from "../../../policy/fuzz/random.ts";
import { flipped, hostileBody, soundBody } from "./bodies.ts";

/** The frames of one client after its upgrade: messages the policy reads, and what could hide one. */
export function webSocketBytes(random: Random): Buffer {
  const frames: Buffer[] = [];
  for (let n = random.below(5); n > 0; n -= 1) frames.push(...messageFrames(random));
  const bytes = Buffer.concat(frames);
  return random.chance(20) ? flipped(random, bytes) : bytes;
}

const CONTROL = [0x8, 0x9, 0xa];

function messageFrames(random: Random): Buffer[] {
  const text = Buffer.from(random.chance(50) ? soundBody(random, "/live") : hostileBody(random, "/live"));
  const opcode = random.chance(85) ? 1 : random.pick([2, 0, 3, 0xb, 0x8, 0x9, 0xa]);
  const cuts = Array.from({ length: random.chance(60) ? 0 : 1 + random.below(4) }, () =>
    random.below(text.length),
  ).sort((a, b) => a - b);
  const parts = [0, ...cuts].map((start, index) => text.subarray(start, cuts[index] ?? text.length));
  return parts.flatMap((part, index) => {
    const last = index === parts.length - 1;
    const between = random.chance(10)
      ? [
          frameOf(random, {
            opcode: random.pick(CONTROL),
            fin: true,
            payload: random.chance(50) ? Buffer.alloc(random.below(130), "c") : text.subarray(0, 125),
          }),
        ]
      : [];
    return [
      ...between,
      frameOf(random, {
        opcode: index === 0 || random.chance(3) ? opcode : 0,
        fin: random.chance(97) ? last : !last,
        payload: part,
      }),
    ];
  });
}

/** RFC 6455 5.2, with the bits and lengths that a strict reader refuses now and then. */
function frameOf(random: Random, { opcode, fin, payload }: { opcode: number; fin: boolean; payload: Buffer }): Buffer {
  const masked = random.chance(97);
  const reserved = random.chance(4) ? random.pick([0x40, 0x20, 0x10]) : 0;
  const first = (fin ? 0x80 : 0) | reserved | opcode;
  const mask = Buffer.from([random.below(256), random.below(256), random.below(256), random.below(256)]);
  const body = masked ? payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0)) : payload;
  return Buffer.concat([
    Buffer.from([first]),
    lengthOf(random, payload.length, masked ? 0x80 : 0),
    masked ? mask : Buffer.alloc(0),
    body,
  ]);
}

function lengthOf(random: Random, length: number, mask: number): Buffer {
  const said = random.chance(98) ? length : length + random.below(9) - 4;
  const width = random.chance(96) ? (said < 126 ? 1 : said < 65_536 ? 2 : 8) : random.pick([2, 8]);
  if (width === 1 && said >= 0) return Buffer.from([mask | said]);
  const bytes = Buffer.alloc(width === 2 ? 3 : 9);
  bytes[0] = mask | (width === 2 ? 126 : 127);
  if (width === 2) bytes.writeUInt16BE(Math.max(0, said) & 0xffff, 1);
  else bytes.writeUInt32BE(Math.max(0, said), 5);
  if (width === 8 && random.chance(10)) bytes[1] = 0x80;
  return bytes;
}
