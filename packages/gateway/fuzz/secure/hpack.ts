import type { Random } from "../../../policy/fuzz/random.ts";

/** A head as HPACK (RFC 7541) in every form that it knows, and in forms that it forbids. */
export type Line = readonly [name: string, value: string];

const STATIC_BYTE: Readonly<Record<string, number>> = {
  ":method GET": 0x82,
  ":method POST": 0x83,
  ":path /": 0x84,
  ":scheme http": 0x86,
  ":scheme https": 0x87,
};
const LITERAL = [0x00, 0x00, 0x10, 0x40];

export function headBlock(random: Random, lines: readonly Line[]): Buffer {
  const parts = lines.map((line) => field(random, line));
  if (random.chance(6)) parts.splice(random.below(parts.length + 1), 0, odd(random));
  return Buffer.concat(parts);
}

function field(random: Random, [name, value]: Line): Buffer {
  const known = STATIC_BYTE[`${name} ${value}`];
  if (known !== undefined && random.chance(50)) return Buffer.from([known]);
  return Buffer.concat([Buffer.from([random.pick(LITERAL)]), text(name), text(value)]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  return Buffer.concat([integer(bytes.length, 7, 0), bytes]);
}

/** RFC 7541 5.1. */
export function integer(value: number, bits: number, first: number): Buffer {
  const max = 2 ** bits - 1;
  if (value < max) return Buffer.from([first | value]);
  const bytes = [first | max];
  let rest = value - max;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  return Buffer.from([...bytes, rest]);
}

function odd(random: Random): Buffer {
  return random.pick([
    () => Buffer.from([0x80]),
    () => integer(62 + random.below(80), 7, 0x80),
    () => integer(random.pick([0, 1, 4096, 4097, 2 ** 30]), 5, 0x20),
    () => Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
    // Huffman's end of string, and padding that is none.
    () => Buffer.from([0x00, 0x83, 0xff, 0xff, 0xff, 0x81, 0x00]),
    () => Buffer.concat([Buffer.from([0x00]), integer(100_000, 7, 0), Buffer.from("short")]),
    () => bomb(random.below(3000)),
  ])();
}

/** One large entry and references to it in a byte each. */
export const bomb = (references: number): Buffer =>
  Buffer.concat([
    Buffer.from([0x40, 3]),
    Buffer.from("x-a"),
    integer(3900, 7, 0),
    Buffer.alloc(3900, "b"),
    Buffer.alloc(references, 0x80 | 62),
  ]);
