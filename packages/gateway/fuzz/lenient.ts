/**
 * A reader of requests as careless as servers are: what it and its variants see is what an upstream could see. It shares nothing with
 * the gateway's parser. Where its variants disagree, the bytes have more than one reading, and that alone is a fault.
 */
export interface Reading {
  /** A line ends at LF; else only at CRLF. */
  bareLf: boolean;
  /** Which of several Content-Lengths counts. */
  length: "first" | "last";
  /** Transfer-Encoding counts wherever it says chunked; else it is unknown. */
  chunked: boolean;
}
export const READINGS: readonly Reading[] = [true, false].flatMap((bareLf) =>
  (["first", "last"] as const).flatMap((length) => [{ bareLf, length, chunked: true }]),
);

export interface SeenRequest {
  method: string;
  target: string;
  hosts: string[];
  headers: [string, string][];
  body: string;
}

/** Every request in these bytes, and how many bytes were consumed by whole requests. */
export function readRequests(bytes: string, reading: Reading): { requests: SeenRequest[]; consumed: number } {
  const requests: SeenRequest[] = [];
  let at = 0;
  for (;;) {
    const read = readOne(bytes, at, reading);
    if (read === null) return { requests, consumed: at };
    requests.push(read.request);
    at = read.end;
  }
}

function lineAt(bytes: string, at: number, { bareLf }: Reading): { line: string; next: number } | null {
  const end = bareLf ? bytes.indexOf("\n", at) : bytes.indexOf("\r\n", at);
  if (end === -1) return null;
  const line = bytes.slice(at, end);
  return { line: bareLf && line.endsWith("\r") ? line.slice(0, -1) : line, next: end + (bareLf ? 1 : 2) };
}

function readOne(bytes: string, from: number, reading: Reading): { request: SeenRequest; end: number } | null {
  const first = lineAt(bytes, from, reading);
  if (first === null) return null;
  // Empty lines in front are skipped by most servers.
  if (first.line === "") return readOne(bytes, first.next, reading);
  const headers: [string, string][] = [];
  let at = first.next;
  for (;;) {
    const found = lineAt(bytes, at, reading);
    if (found === null) return null;
    at = found.next;
    if (found.line === "") break;
    const last = headers.at(-1);
    if (/^[ \t]/.test(found.line) && last !== undefined) last[1] += ` ${found.line.trim()}`;
    else {
      const colon = found.line.indexOf(":");
      const name = colon === -1 ? found.line : found.line.slice(0, colon);
      headers.push([
        name.trim().toLowerCase().replaceAll("_", "-"),
        colon === -1 ? "" : found.line.slice(colon + 1).trim(),
      ]);
    }
  }
  const valuesOf = (name: string) => headers.filter(([key]) => key === name).map(([, value]) => value);
  const body = readBody(bytes, at, reading, valuesOf("transfer-encoding"), valuesOf("content-length"));
  if (body === null) return null;
  const [method = "", ...rest] = first.line.split(" ");
  const target = rest.slice(0, -1).join(" ");
  return { request: { method, target, hosts: valuesOf("host"), headers, body: body.text }, end: body.end };
}

function readBody(
  bytes: string,
  at: number,
  reading: Reading,
  encodings: string[],
  lengths: string[],
): { text: string; end: number } | null {
  if (reading.chunked && encodings.some((value) => /chunked/i.test(value))) return readChunks(bytes, at, reading);
  const length = Number.parseInt((reading.length === "first" ? lengths[0] : lengths.at(-1)) ?? "0", 10) || 0;
  return at + length > bytes.length ? null : { text: bytes.slice(at, at + length), end: at + length };
}

function readChunks(bytes: string, from: number, reading: Reading): { text: string; end: number } | null {
  let text = "";
  let at = from;
  for (;;) {
    const head = lineAt(bytes, at, reading);
    if (head === null) return null;
    const size = Number.parseInt(head.line, 16) || 0;
    at = head.next;
    if (size === 0) break;
    if (at + size > bytes.length) return null;
    text += bytes.slice(at, at + size);
    const end = lineAt(bytes, at + size, reading);
    if (end === null) return null;
    at = end.next;
  }
  for (;;) {
    const trailer = lineAt(bytes, at, reading);
    if (trailer === null) return null;
    at = trailer.next;
    if (trailer.line === "") return { text, end: at };
  }
}

/** Where a careless server would look for a target's file: decoded twice, backslashes turned, parameters cut, dots resolved. */
export function carelessPath(target: string): string {
  let path = target.replace(/^https?:\/\/[^/]*/i, "").split(/[?#]/, 1)[0] ?? "";
  for (let round = 0; round < 2; round += 1)
    path = path.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const out: string[] = [];
  for (const segment of path.replaceAll("\\", "/").split("/")) {
    const plain = segment.split(";", 1)[0] ?? "";
    if (plain === "..") out.pop();
    else if (plain !== "." && plain !== "") out.push(plain);
  }
  return `/${out.join("/")}`;
}
