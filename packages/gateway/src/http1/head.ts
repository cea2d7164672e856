import type { HeaderPair } from "../http/headerPair.ts";
import { AUTHORITY_TARGET, FIELD_VALUE, METHODS, REQUEST_LINE, STATUS_LINE, TARGET, TOKEN } from "./grammar.ts";

export interface RequestLines {
  version: "1.0" | "1.1";
  method: string;
  target: string;
  headers: HeaderPair[];
}

export interface AnswerLines {
  version: "1.0" | "1.1";
  status: number;
  reason: string;
  headers: HeaderPair[];
}

/** RFC 9113 3.4: what a client sends first that knows, or guesses, that the server speaks HTTP/2. */
const HTTP2_PREFACE = "PRI * HTTP/2.0";

/** `text`: everything before the empty line, one character a byte. */
export function readRequestHead(text: string): RequestLines | { problem: string } {
  const { first, lines } = split(text);
  const problem = requestLineProblem(first);
  if (problem !== null) return { problem };
  const [, method = "", target = "", minor] = REQUEST_LINE.exec(first) ?? [];
  const headers = readFields(lines);
  return typeof headers === "string"
    ? { problem: headers }
    : { version: minor === "1" ? "1.1" : "1.0", method, target, headers };
}

export function requestLineProblem(line: string): string | null {
  if (line === HTTP2_PREFACE)
    return "it begins as HTTP/2, which is spoken here only where the TLS handshake agreed on it";
  const match = REQUEST_LINE.exec(line);
  if (match === null) return "no request line";
  const [, method = "", target = ""] = match;
  if (!METHODS.has(method)) return "an unknown method";
  const form = method === "CONNECT" ? AUTHORITY_TARGET : TARGET;
  return form.test(target) ? null : "a target of no known form";
}

export function readAnswerHead(text: string): AnswerLines | { problem: string } {
  const { first, lines } = split(text);
  const match = STATUS_LINE.exec(first);
  if (match === null) return { problem: "no status line" };
  const [, minor, status, reason = ""] = match;
  const headers = readFields(lines);
  return typeof headers === "string"
    ? { problem: headers }
    : { version: minor === "1" ? "1.1" : "1.0", status: Number(status), reason, headers };
}

function split(text: string): { first: string; lines: string[] } {
  const lines = text.split("\r\n");
  return { first: lines.shift() ?? "", lines };
}

/** The lines between the first and the empty one, or behind the last chunk; a text says what is wrong. */
export function readFields(lines: readonly string[]): HeaderPair[] | string {
  const headers: HeaderPair[] = [];
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon);
    const value = withoutBlanks(line, colon + 1);
    // No blank stands before the colon, and no line goes on in the next: such a name is no token.
    if (colon < 1 || !TOKEN.test(name) || !FIELD_VALUE.test(value)) return "a header that is no name, colon and value";
    headers.push([name, value]);
  }
  return headers;
}

/** By hand: a pattern that trims both ends tries every pair of places in a line of blanks. */
function withoutBlanks(line: string, start: number): string {
  let from = start;
  let to = line.length;
  while (from < to && isBlank(line.charCodeAt(from))) from += 1;
  while (to > from && isBlank(line.charCodeAt(to - 1))) to -= 1;
  return line.slice(from, to);
}

const SPACE = 32;
const TAB = 9;
const isBlank = (code: number): boolean => code === SPACE || code === TAB;
