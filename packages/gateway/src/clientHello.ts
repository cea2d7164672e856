import { CLIENT_HELLO_BYTES_MAX } from "./limits.ts";

/** What the first TLS record(s) of a client say. RFC 8446 4.1.2, RFC 6066 3. */
export type ClientHello =
  | { state: "incomplete" }
  | { state: "not-tls" }
  /** `serverName` null: no SNI extension. */
  | { state: "complete"; serverName: string | null };

const RECORD_HANDSHAKE = 0x16;
const HANDSHAKE_CLIENT_HELLO = 1;
const EXTENSION_SERVER_NAME = 0;
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

/** Reads the server name without answering: for relayed TLS, where the handshake is not ours. */
export function readClientHello(bytes: Buffer): ClientHello {
  if (bytes.length > 0 && bytes[0] !== RECORD_HANDSHAKE) return { state: "not-tls" };
  if (bytes.length > 1 && bytes[1] !== 3) return { state: "not-tls" };
  const message = joinRecords(bytes);
  if (message === null) return { state: "not-tls" };
  if (message.length < HANDSHAKE_HEADER_BYTES) return { state: "incomplete" };
  if (message[0] !== HANDSHAKE_CLIENT_HELLO) return { state: "not-tls" };
  const length = message.readUIntBE(1, 3);
  if (length > CLIENT_HELLO_BYTES_MAX) return { state: "not-tls" };
  if (message.length < HANDSHAKE_HEADER_BYTES + length) return { state: "incomplete" };
  try {
    return { state: "complete", serverName: serverNameOf(message.subarray(4, 4 + length)) };
  } catch {
    return { state: "not-tls" };
  }
}

/** The handshake bytes of all records so far; a ClientHello may be split over several. */
function joinRecords(bytes: Buffer): Buffer | null {
  const parts: Buffer[] = [];
  let at = 0;
  while (at + RECORD_HEADER_BYTES <= bytes.length) {
    if (bytes[at] !== RECORD_HANDSHAKE) break;
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0) return null;
    parts.push(bytes.subarray(at + RECORD_HEADER_BYTES, at + RECORD_HEADER_BYTES + length));
    at += RECORD_HEADER_BYTES + length;
  }
  return Buffer.concat(parts);
}

function serverNameOf(body: Buffer): string | null {
  const hello = new Reader(body);
  hello.number(2);
  hello.at += 32;
  hello.vector(1);
  hello.vector(2);
  hello.vector(1);
  if (hello.left === 0) return null;
  const extensions = new Reader(hello.vector(2));
  while (extensions.left > 0) {
    const type = extensions.number(2);
    const content = extensions.vector(2);
    if (type !== EXTENSION_SERVER_NAME) continue;
    const names = new Reader(new Reader(content).vector(2));
    if (names.number(1) !== NAME_TYPE_HOST) return null;
    return names.vector(2).toString("latin1");
  }
  return null;
}
