import { CLIENT_HELLO_BYTES_MAX } from "./limits.ts";

/** What the first TLS record(s) of a client say. RFC 8446 4.1.2, RFC 6066 3. */
export type ClientHello =
  | { state: "incomplete" }
  | { state: "not-tls" }
  /** Begins as TLS, but a lenient server may read another name in it than we would. */
  | { state: "unreadable" }
  /** `serverName` null: no SNI extension. `hidesName`: another may stand in it encrypted. `bytes`: of the records it fills. */
  | { state: "complete"; serverName: string | null; hidesName: boolean; bytes: number };

const RECORD_ALERT = 0x15;
const RECORD_HANDSHAKE = 0x16;
/** Some servers take any record version below this in a first record, whatever the RFC says. */
const RECORD_MAJOR_END = 0x10;
const HANDSHAKE_CLIENT_HELLO = 1;
const EXTENSION_SERVER_NAME = 0;
/** Encrypted ClientHello (RFC 9849); what browsers send as a decoy looks the same, and must. */
const EXTENSION_ENCRYPTED_HELLO = 0xfe0d;
const RECORD_CHANGE_CIPHER_SPEC = 0x14;
const RECORD_APPLICATION_DATA = 0x17;
const NAME_TYPE_HOST = 0;
const RECORD_HEADER_BYTES = 5;
const HANDSHAKE_HEADER_BYTES = 4;

class Reader {
  readonly bytes: Buffer;
  at = 0;
  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }
  number(size: 1 | 2 | 3): number {
    const value = this.bytes.readUIntBE(this.at, size);
    this.at += size;
    return value;
  }
  /** A vector with its length in front; throws RangeError past the end. */
  vector(lengthSize: 1 | 2): Buffer {
    const length = this.number(lengthSize);
    if (this.at + length > this.bytes.length) throw new RangeError("vector past the end");
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
  get left(): number {
    return this.bytes.length - this.at;
  }
}

/**
 * Reads the server name without answering: for relayed TLS, where the handshake is not ours. Threat: a ClientHello dressed so that we
 * take it for another protocol and the server does not (an empty or foreign record in front, an odd version, too long, two names).
 * Invariant: what begins as TLS is "complete" with the one name every server reads in it, or not passed.
 */
export function readClientHello(bytes: Buffer): ClientHello {
  const [type, major] = bytes;
  if (type !== undefined && type !== RECORD_HANDSHAKE && type !== RECORD_ALERT) return { state: "not-tls" };
  if (major === 0 || (major !== undefined && major >= RECORD_MAJOR_END)) return { state: "not-tls" };
  const { message, odd, ends } = joinRecords(bytes);
  const more: ClientHello = { state: odd ? "unreadable" : "incomplete" };
  if (message.length < HANDSHAKE_HEADER_BYTES) return more;
  const length = message.readUIntBE(1, 3);
  if (message[0] !== HANDSHAKE_CLIENT_HELLO || length > CLIENT_HELLO_BYTES_MAX) return { state: "unreadable" };
  if (message.length < HANDSHAKE_HEADER_BYTES + length) return more;
  try {
    const end = ends.find(({ messageBytes }) => messageBytes >= HANDSHAKE_HEADER_BYTES + length);
    return {
      state: "complete",
      ...readExtensions(message.subarray(4, 4 + length)),
      bytes: end?.recordBytes ?? bytes.length,
    };
  } catch {
    return { state: "unreadable" };
  }
}

/** The ClientHello that a server asked for anew; a change of cipher and refused early data may stand in front (RFC 8446 D.4, 4.2.10). */
export function readSecondHello(bytes: Buffer): ClientHello {
  let at = 0;
  for (;;) {
    const rest = bytes.subarray(at);
    const [type] = rest;
    if (type === undefined) return { state: "incomplete" };
    if (type !== RECORD_CHANGE_CIPHER_SPEC && type !== RECORD_APPLICATION_DATA) {
      const hello = readClientHello(rest);
      return hello.state === "not-tls" ? { state: "unreadable" } : hello;
    }
    if (rest.length < RECORD_HEADER_BYTES) return { state: "incomplete" };
    at += RECORD_HEADER_BYTES + rest.readUInt16BE(3);
    if (at > bytes.length) return { state: "incomplete" };
  }
}

/** The handshake bytes of all records so far (a ClientHello may be split over several), and whether something else follows them. */
function joinRecords(bytes: Buffer): {
  message: Buffer;
  odd: boolean;
  /** Where each record ends, in the message and in the bytes. */
  ends: { messageBytes: number; recordBytes: number }[];
} {
  const parts: Buffer[] = [];
  const ends: { messageBytes: number; recordBytes: number }[] = [];
  let messageBytes = 0;
  let at = 0;
  let odd = false;
  while (!odd && at < bytes.length) {
    const header = bytes.subarray(at, at + RECORD_HEADER_BYTES);
    odd = header[0] !== RECORD_HANDSHAKE || (header.length === RECORD_HEADER_BYTES && header.readUInt16BE(3) === 0);
    if (odd || header.length < RECORD_HEADER_BYTES) break;
    const length = header.readUInt16BE(3);
    parts.push(bytes.subarray(at + RECORD_HEADER_BYTES, at + RECORD_HEADER_BYTES + length));
    at += RECORD_HEADER_BYTES + length;
    messageBytes += length;
    ends.push({ messageBytes, recordBytes: Math.min(at, bytes.length) });
  }
  return { message: Buffer.concat(parts), odd, ends };
}

function readExtensions(body: Buffer): { serverName: string | null; hidesName: boolean } {
  const hello = new Reader(body);
  hello.number(2);
  hello.at += 32;
  hello.vector(1);
  hello.vector(2);
  hello.vector(1);
  if (hello.left === 0) return { serverName: null, hidesName: false };
  const extensions = new Reader(hello.vector(2));
  let name: string | null = null;
  let hidesName = false;
  while (extensions.left > 0) {
    const type = extensions.number(2);
    const content = extensions.vector(2);
    hidesName ||= type === EXTENSION_ENCRYPTED_HELLO;
    if (type !== EXTENSION_SERVER_NAME) continue;
    if (name !== null) throw new RangeError("two server names");
    const list = new Reader(content);
    const names = new Reader(list.vector(2));
    if (names.number(1) !== NAME_TYPE_HOST) throw new RangeError("a name of another type");
    name = names.vector(2).toString("latin1");
    if (names.left > 0 || list.left > 0) throw new RangeError("more than one name");
  }
  if (hello.left > 0) throw new RangeError("bytes after the extensions");
  return { serverName: name, hidesName };
}
