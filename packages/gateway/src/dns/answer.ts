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
 * Invariant: nothing here asks anybody; a name that the policy does not name does not exist, and a known one has one invented
 * IPv4 address and nothing else (no AAAA: there is no IPv6 route; no HTTPS/SVCB: no encrypted ClientHello; no TXT).
 */
export interface DnsAnswer {
  reply: Buffer;
  /** The name that was refused, for the journal; null when it was answered. */
  refused: { name: string; type: string } | null;
}

const OPCODE_MASK = 0x7800;
const RCODE_NXDOMAIN = 3;
const RCODE_NOTIMP = 4;

/** `addressFor` gives the fake address of an allowed name, "none" for a name that must not exist. Null = drop the packet. */
export function answerQuery(bytes: Buffer, addressFor: (name: string) => string | "none"): DnsAnswer | null {
  if (bytes.length > DNS_MESSAGE_BYTES_MAX) return null;
  const query = decodeOrNull(bytes);
  const question = query?.questions?.[0];
  if (query === null || query.type !== "query" || query.questions?.length !== 1 || question === undefined) return null;
  const flags = query.flags ?? 0;
  const base = { type: "response" as const, id: query.id ?? 0, questions: [question] };
  const head = AUTHORITATIVE_ANSWER | RECURSION_AVAILABLE | (flags & RECURSION_DESIRED);
  if ((flags & OPCODE_MASK) !== 0 || question.class !== "IN") {
    return { reply: encode({ ...base, flags: head | RCODE_NOTIMP, answers: [] }), refused: null };
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
    return { reply, refused: { name: question.name, type: question.type } };
  }
  const record = { type: "A" as const, class: "IN" as const, name: question.name, ttl: DNS_TTL_SECONDS, data: address };
  return { reply: encode({ ...base, flags: head, answers: question.type === "A" ? [record] : [] }), refused: null };
}

function decodeOrNull(bytes: Buffer) {
  try {
    return decode(bytes);
  } catch {
    return null;
  }
}
