import { DNS_TTL_SECONDS } from "../limits.ts";
import { type Query, readQuery } from "./readQuery.ts";

/**
 * One DNS query of a sandbox. Threat: names are a way out (a tunnel through any resolver that asks on).
 * Invariant: nothing here asks anybody; a name has one invented IPv4 address and nothing else (no AAAA: there is no IPv6 route; no
 * HTTPS/SVCB: no encrypted ClientHello; no TXT). What may be reached is decided when that address is connected to.
 */
export interface DnsAnswer {
  reply: Buffer;
  /** What was asked, where it was a question that we answer. */
  question: { name: string; type: string } | null;
}

const RESPONSE = 0x8000;
const AUTHORITATIVE = 0x0400;
const RECURSION_DESIRED = 0x0100;
const RECURSION_AVAILABLE = 0x0080;
const OPCODE_MASK = 0x7800;
const RCODE_NXDOMAIN = 3;
const RCODE_NOTIMP = 4;
/** The name of the question, at byte 12; type A; class IN. */
const RECORD_START = Buffer.from("c00c00010001", "hex");

/** `addressFor` gives the fake address of a name, "none" for what can be no host's name. Null = drop the packet. */
export function answerQuery(bytes: Buffer, addressFor: (name: string) => string | "none"): DnsAnswer | null {
  const query = readQuery(bytes);
  if (query === null) return null;
  if ((query.flags & OPCODE_MASK) !== 0 || !query.internet)
    return { reply: replyTo(query, { rcode: RCODE_NOTIMP, record: null }), question: null };
  const address = addressFor(query.name);
  const reply =
    address === "none"
      ? replyTo(query, { rcode: RCODE_NXDOMAIN, record: null })
      : replyTo(query, { rcode: 0, record: query.type === "A" ? addressRecord(address) : null });
  return { reply, question: { name: query.name, type: query.type } };
}

function replyTo(query: Query, { rcode, record }: { rcode: number; record: Buffer | null }): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(query.id, 0);
  head.writeUInt16BE(RESPONSE | AUTHORITATIVE | RECURSION_AVAILABLE | (query.flags & RECURSION_DESIRED) | rcode, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(record === null ? 0 : 1, 6);
  return Buffer.concat(record === null ? [head, query.question] : [head, query.question, record]);
}

function addressRecord(address: string): Buffer {
  const octets = address.split(".").map(Number);
  const rest = Buffer.alloc(6);
  rest.writeUInt32BE(DNS_TTL_SECONDS, 0);
  rest.writeUInt16BE(octets.length, 4);
  return Buffer.concat([RECORD_START, rest, Buffer.from(octets)]);
}
