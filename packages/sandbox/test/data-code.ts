/** A library no part of which is mapped as code from its file: a segment that takes nothing from the file is memory of no
 *  file, which the loader makes executable as it is told, and a copy relocation has the loader itself put the code there. */
const PAGE = 0x1000;
const DATA = PAGE;
const CODE = 2 * PAGE;
const WORD = 8;

const u16 = (...values: number[]) => Buffer.from(new Uint16Array(values).buffer);
const u32 = (...values: number[]) => Buffer.from(new Uint32Array(values).buffer);
const u64 = (...values: number[]) => Buffer.from(new BigUint64Array(values.map(BigInt)).buffer);

/** Only for this processor are the instructions below. */
export const canBuildDataCode = process.arch === "x64";

/** connect to 203.0.113.9:443, read a byte, exit with this code; and without a connection exit alone. */
function instructions({ exitCode, connects }: { exitCode: number; connects: boolean }): Buffer {
  const exit = Buffer.concat([
    Buffer.from([0xbf]),
    u32(exitCode),
    Buffer.from([0xb8]),
    u32(231),
    Buffer.from([0x0f, 5]),
  ]);
  if (!connects) return exit;
  const address = Buffer.from([2, 0, 443 >> 8, 443 & 255, 203, 0, 113, 9, 0, 0, 0, 0, 0, 0, 0, 0]);
  const socket = Buffer.from([0xb8, 41, 0, 0, 0, 0xbf, 2, 0, 0, 0, 0xbe, 1, 0, 0, 0, 0x31, 0xd2, 0x0f, 5, 0x89, 0xc7]);
  const connect = Buffer.from([0xba, 16, 0, 0, 0, 0xb8, 42, 0, 0, 0, 0x0f, 5]);
  const read = Buffer.from([0x48, 0x89, 0xe6, 0xba, 1, 0, 0, 0, 0x31, 0xc0, 0x0f, 5]);
  const rest = Buffer.concat([connect, read, exit]);
  return Buffer.concat([socket, Buffer.from([0x48, 0x8d, 0x35]), u32(rest.length), rest, address]);
}

export function libraryOfData(does: { exitCode: number; connects: boolean }): Buffer {
  const payload = instructions(does);
  const dynamicBytes = 11 * 2 * WORD;
  const initAt = DATA + dynamicBytes;
  const payloadAt = initAt + WORD;
  const headers = 64 + 5 * 56;
  const symbols = Buffer.concat([
    Buffer.alloc(24),
    u32(1),
    Buffer.from([0x11, 0]),
    u16(1),
    u64(payloadAt, payload.length),
  ]);
  const names = Buffer.from("\0payload\0\0\0\0\0\0\0\0");
  const hash = u32(1, 2, 1, 0, 0, 0);
  // R_X86_64_RELATIVE for the address to start at, R_X86_64_COPY of symbol 1 into the memory without a file.
  const relocations = Buffer.concat([u64(initAt, 8, CODE), u64(CODE), u32(5, 1), u64(0)]);
  const symbolsAt = headers;
  const namesAt = symbolsAt + symbols.length;
  const hashAt = namesAt + names.length;
  const relocationsAt = hashAt + hash.length;
  const end = relocationsAt + relocations.length;
  const dynamic = u64(
    ...[4, hashAt, 5, namesAt, 6, symbolsAt, 7, relocationsAt, 8, relocations.length, 9, 24],
    ...[10, names.length, 11, 24, 25, initAt, 27, WORD, 0, 0],
  );
  const part = (type: number, flags: number, at: { file: number; address: number }, bytes: number, memory = bytes) =>
    Buffer.concat([u32(type, flags), u64(at.file, at.address, at.address, bytes, memory, type === 1 ? PAGE : WORD)]);
  const dataBytes = dynamicBytes + WORD + payload.length;
  const file = Buffer.alloc(DATA + dataBytes);
  Buffer.concat([
    Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
    u16(3, 62),
    u32(1),
    u64(0, 64, 0),
    u32(0),
    u16(64, 56, 5, 64, 0, 0),
    part(1, 4, { file: 0, address: 0 }, end),
    part(1, 6, { file: DATA, address: DATA }, dataBytes),
    part(1, 7, { file: 0, address: CODE }, 0, PAGE),
    part(2, 6, { file: DATA, address: DATA }, dynamicBytes),
    part(0x6474e551, 6, { file: 0, address: 0 }, 0),
    symbols,
    names,
    hash,
    relocations,
  ]).copy(file);
  Buffer.concat([dynamic, u64(0), payload]).copy(file, DATA);
  return file;
}
