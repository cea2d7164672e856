import type { HeaderPair } from "../http/headerPair.ts";

/**
 * Where a body ends (RFC 9112 6.3), strictly. Threat: smuggling, by which a second reader ends a body elsewhere and takes its rest for a
 * request. Invariant: a length is digits, stands once and alone; an encoding is `chunked`, stands once and alone; everything else is
 * `unclear`, and behind that nothing is ever read as a message.
 */
export type Framing = { kind: "none" | "chunked" | "close" | "unclear" } | { kind: "length"; bytes: number };

/** Fifteen digits: beyond them a number is no longer exact. */
const LENGTH = /^[0-9]{1,15}$/;

interface Said {
  version: "1.0" | "1.1";
  headers: readonly HeaderPair[];
}

const NONE: Framing = { kind: "none" };
const UNCLEAR: Framing = { kind: "unclear" };

export const requestFraming = (head: Said): Framing => saidFraming(head) ?? NONE;

/** `method` is that of the request it answers. Informational answers never come here. */
export function answerFraming(head: Said & { status: number }, method: string): Framing {
  const said = saidFraming(head);
  if (said?.kind === "unclear") return said;
  if (isBodiless(head.status, method)) return NONE;
  return said ?? { kind: "close" };
}

export const isBodiless = (status: number, method: string): boolean =>
  method === "HEAD" || status === 204 || status === 304;

function saidFraming({ version, headers }: Said): Framing | null {
  let length: string | null = null;
  let encoding: string | null = null;
  for (const [name, value] of headers) {
    if (name.length !== 14 && name.length !== 17) continue;
    const key = name.toLowerCase();
    if (key === "content-length") {
      if (length !== null) return UNCLEAR;
      length = value;
    } else if (key === "transfer-encoding") {
      if (encoding !== null) return UNCLEAR;
      encoding = value;
    }
  }
  if (encoding !== null)
    return length === null && version === "1.1" && encoding.toLowerCase() === "chunked" ? { kind: "chunked" } : UNCLEAR;
  if (length === null) return null;
  return LENGTH.test(length) ? { kind: "length", bytes: Number(length) } : UNCLEAR;
}

/** What `Connection` lists, in lower case. */
export function connectionOptions(headers: readonly HeaderPair[]): string[] {
  const options: string[] = [];
  for (const [name, value] of headers) {
    if (name.length !== 10 || name.toLowerCase() !== "connection") continue;
    for (const option of value.split(",")) options.push(option.trim().toLowerCase());
  }
  return options;
}
