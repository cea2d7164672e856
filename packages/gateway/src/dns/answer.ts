import {
  AUTHORITATIVE_ANSWER,
  decode,
  encode,
  type Question,
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
} from "dns-packet";
import { DNS_MESSAGE_BYTES_MAX, DNS_TTL_SECONDS } from "../limits.ts";

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

const OPCODE_MASK = 0x7800;
const RCODE_NXDOMAIN = 3;
const RCODE_NOTIMP = 4;

/** `addressFor` gives the fake address of a name, "none" for what can be no host's name. Null = drop the packet. */
export function answerQuery(bytes: Buffer, addressFor: (name: string) => string | "none"): DnsAnswer | null {
  if (bytes.length > DNS_MESSAGE_BYTES_MAX) return null;
  const query = decodeOrNull(bytes);
  const question = query?.questions?.[0];
  if (query === null || query.type !== "query" || query.questions?.length !== 1 || question === undefined) return null;
  const flags = query.flags ?? 0;
  const base = { type: "response" as const, id: query.id ?? 0, questions: [question] };
  const head = AUTHORITATIVE_ANSWER | RECURSION_AVAILABLE | (flags & RECURSION_DESIRED);
  if ((flags & OPCODE_MASK) !== 0 || question.class !== "IN") {
    return { reply: encode({ ...base, flags: head | RCODE_NOTIMP, answers: [] }), question: null };
  }
  return answerQuestion(question, base, head, addressFor(question.name));
}

function answerQuestion(
  question: Question,
  base: { type: "response"; id: number; questions: Question[] },
  head: number,
  address: string | "none",
): DnsAnswer {
  if (address === "none") {
    const reply = encode({ ...base, flags: head | RCODE_NXDOMAIN, answers: [] });
    return { reply, question };
  }
  const record = { type: "A" as const, class: "IN" as const, name: question.name, ttl: DNS_TTL_SECONDS, data: address };
  return { reply: encode({ ...base, flags: head, answers: question.type === "A" ? [record] : [] }), question };
}

function decodeOrNull(bytes: Buffer) {
  try {
    return decode(bytes);
  } catch {
    return null;
  }
}
