import recordTypes from "dns-packet/types.js";
import { DNS_MESSAGE_BYTES_MAX } from "../limits.ts";

/**
 * What a query asks. Threat: packets made so that reading them is dear (counts of 65,535, chains of pointers, a hundred records), sent
 * by one sandbox to hold up the gateway of all. Invariant: one question is read, each of its bytes once, and nothing behind it; what
 * no resolver sends is no query at all.
 */
export interface Query {
  id: number;
  flags: number;
  name: string;
  type: string;
  internet: boolean;
  /** The question as it came, to be sent back. */
  question: Buffer;
}

const HEADER_BYTES = 12;
const RESPONSE_FLAG = 0x8000;
/** No byte of a label's length may have these bits: with them it is a pointer, and a first name has nothing to point to. */
const POINTER_BITS = 0xc0;
const NAME_BYTES_MAX = 255;
const CLASS_INTERNET = 1;
/** Type and class. */
const QUESTION_TAIL_BYTES = 4;

/** Null = drop the packet. */
export function readQuery(bytes: Buffer): Query | null {
  if (bytes.length < HEADER_BYTES || bytes.length > DNS_MESSAGE_BYTES_MAX) return null;
  const flags = bytes.readUInt16BE(2);
  if ((flags & RESPONSE_FLAG) !== 0 || !countsOneQuestion(bytes)) return null;
  const name = readName(bytes);
  if (name === null || bytes.length < name.end + QUESTION_TAIL_BYTES) return null;
  return {
    id: bytes.readUInt16BE(0),
    flags,
    name: name.text,
    type: recordTypes.toString(bytes.readUInt16BE(name.end)),
    internet: bytes.readUInt16BE(name.end + 2) === CLASS_INTERNET,
    question: bytes.subarray(HEADER_BYTES, name.end + QUESTION_TAIL_BYTES),
  };
}

/** One question, no answers; of what stands behind at most one record, which is EDNS's and stays unread. */
const countsOneQuestion = (bytes: Buffer): boolean =>
  bytes.readUInt16BE(4) === 1 && bytes.readUInt32BE(6) === 0 && bytes.readUInt16BE(10) <= 1;

function readName(bytes: Buffer): { text: string; end: number } | null {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (;;) {
    const length = bytes[at];
    if (length === undefined || (length & POINTER_BITS) !== 0) return null;
    at += 1;
    if (length === 0) return { text: labels.join("."), end: at };
    labels.push(bytes.toString("utf8", at, at + length));
    at += length;
    // The last byte of a name is the empty label, which is still to come.
    if (at - HEADER_BYTES >= NAME_BYTES_MAX) return null;
  }
}
