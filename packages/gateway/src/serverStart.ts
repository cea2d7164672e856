import { createHash } from "node:crypto";

/** Enough to hold the record's head, the message's head, the version and the random of a ServerHello. */
export const SERVER_START_BYTES_MAX = 64;
/** RFC 8446 4.1.3: a ServerHello with this random asks for a second ClientHello. */
const RETRY_RANDOM = createHash("sha256").update("HelloRetryRequest").digest();
const RECORD_HANDSHAKE = 0x16;
const SERVER_HELLO = 2;
const MESSAGE_AT = 5;
const RANDOM_AT = MESSAGE_AT + 4 + 2;

/**
 * What a server's first bytes say: that the client may have to begin anew, or anything else. The server is not the enemy here; an honest
 * one sends this message in one piece, and whatever is in several is taken for a retry so that nothing slips by.
 */
export function readServerStart(bytes: Buffer): "incomplete" | "retry" | "other" {
  const [type] = bytes;
  if (type === undefined) return "incomplete";
  if (type !== RECORD_HANDSHAKE) return "other";
  if (bytes.length < MESSAGE_AT + 1) return "incomplete";
  if (bytes[MESSAGE_AT] !== SERVER_HELLO) return "other";
  const recordBytes = bytes.readUInt16BE(3);
  if (recordBytes < RANDOM_AT - MESSAGE_AT + RETRY_RANDOM.length) return "retry";
  if (bytes.length < RANDOM_AT + RETRY_RANDOM.length) return "incomplete";
  return bytes.subarray(RANDOM_AT, RANDOM_AT + RETRY_RANDOM.length).equals(RETRY_RANDOM) ? "retry" : "other";
}
