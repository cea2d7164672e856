import { randomBytes } from "node:crypto";

/**
 * What a stream is searched for. Threat: whoever chooses the text that is searched measures how long that takes, and so learns how far a
 * guess agrees with a secret. Invariant: the work depends on lengths alone until as many bytes as a window has agree at once. A plain
 * search jumps by the first bytes that agree; a rolling hash, keyed anew in each process, looks at every byte in the same way.
 */
export interface Needle {
  bytes: Buffer;
}

export interface Hit<N extends Needle> {
  index: number;
  needle: N;
}

export interface NeedleSet<N extends Needle> {
  /** Bytes that wait for what follows them. */
  holdBytes: number;
  /** Whether no needle spans this byte, so that nothing has to wait behind it. */
  separates(byte: number): boolean;
  /** All occurrences, digits of hex in either case, overlapping ones too; the first ones first, of several at one place the longest. */
  find(bytes: Buffer): Hit<N>[];
}

/** A needle is recognised by its end: beginnings such as `sk-ant-api03-` are known to everybody. */
const WINDOW_BYTES = [16, 8, 4, 2, 1];
/** Of a hash of 32 bits; a small table that sorts nearly all places out. */
const TABLE_SHIFT = 20;
const TABLE_SIZE = 2 ** (32 - TABLE_SHIFT);
/** Rounded up to a power of two, so that it tells no more of a secret's length than its order. */
const HOLD_BYTES_MIN = 512;
const NEWLINE = 0x0a;
/** NUL is none: it stands in every letter of UTF-16. */
const isBlank = (byte: number): boolean => byte <= 0x20 && byte !== 0;

const KEY = randomBytes(4).readUInt32LE() | 1;
/**
 * Digits of hex mean the same in either case, and one text may hold both: `%2f` beside `%3D`. Everywhere and not in escapes alone, for
 * what stands before a needle is chosen by others and must not change how it is read.
 */
const folded = (byte: number): number => ((byte >= 0x41 && byte <= 0x46) || byte === 0x58 ? byte | 0x20 : byte);
const RANDOM_KEYS = new Int32Array(256).map(() => randomBytes(4).readInt32LE());
const BYTE_KEYS = RANDOM_KEYS.map((_, byte) => RANDOM_KEYS[folded(byte)] ?? 0);

interface Window<N> {
  width: number;
  /** For each byte, its share in the hash by the time it leaves the window. */
  leaving: Int32Array;
  table: Uint8Array;
  byHash: Map<number, N[]>;
}

export function needleSet<N extends Needle>(all: readonly N[]): NeedleSet<N> {
  const needles = all.filter(({ bytes }) => bytes.length > 0);
  const windows = windowsOf(needles);
  const longest = Math.max(0, ...needles.map(({ bytes }) => bytes.length));
  const holdBytes = longest === 0 ? 0 : Math.max(HOLD_BYTES_MIN, 2 ** Math.ceil(Math.log2(longest)));
  // Tokens hold no blanks, so that words and lines pass at once; a secret of several words waits for the line's end.
  const spansBlanks = needles.some(({ bytes }) => bytes.some(isBlank));
  const spansLines = needles.some(({ bytes }) => bytes.includes(NEWLINE));
  return {
    holdBytes,
    separates: (byte) => (spansBlanks ? byte === NEWLINE && !spansLines : isBlank(byte)),
    find(bytes) {
      const found: Hit<N>[] = [];
      for (const window of windows) scan(bytes, window, found);
      return found.sort((a, b) => a.index - b.index || b.needle.bytes.length - a.needle.bytes.length);
    },
  };
}

function windowsOf<N extends Needle>(needles: readonly N[]): Window<N>[] {
  const windows = new Map<number, Window<N>>();
  for (const needle of needles) {
    const { length } = needle.bytes;
    const width = WINDOW_BYTES.find((bytes) => bytes <= length) ?? 1;
    const window = windows.get(width) ?? emptyWindow<N>(width);
    windows.set(width, window);
    const hash = hashOf(needle.bytes, length - width, length);
    window.table[hash >>> TABLE_SHIFT] = 1;
    window.byHash.set(hash, [...(window.byHash.get(hash) ?? []), needle]);
  }
  return [...windows.values()];
}

function emptyWindow<N>(width: number): Window<N> {
  let power = 1;
  for (let at = 0; at < width; at += 1) power = Math.imul(power, KEY);
  const leaving = BYTE_KEYS.map((key) => Math.imul(key, power));
  return { width, leaving, table: new Uint8Array(TABLE_SIZE), byHash: new Map() };
}

function hashOf(bytes: Buffer, start: number, end: number): number {
  let hash = 0;
  for (let at = start; at < end; at += 1) hash = entered(hash, bytes[at]);
  return hash;
}
const keyOf = (byte: number | undefined): number => BYTE_KEYS[byte ?? 0] ?? 0;
const entered = (hash: number, byte: number | undefined): number => (Math.imul(hash, KEY) + keyOf(byte)) | 0;

const standsAt = (bytes: Buffer, index: number, needle: Buffer): boolean =>
  needle.every((byte, at) => folded(byte) === folded(bytes[index + at] ?? 0));

function scan<N extends Needle>(bytes: Buffer, { width, leaving, table, byHash }: Window<N>, found: Hit<N>[]): void {
  if (bytes.length < width) return;
  let hash = hashOf(bytes, 0, width);
  for (let end = width; ; end += 1) {
    if (table[hash >>> TABLE_SHIFT] === 1)
      for (const needle of byHash.get(hash) ?? []) {
        const index = end - needle.bytes.length;
        if (index >= 0 && standsAt(bytes, index, needle.bytes)) found.push({ index, needle });
      }
    if (end === bytes.length) return;
    hash = (entered(hash, bytes[end]) - (leaving[bytes[end - width] ?? 0] ?? 0)) | 0;
  }
}
