import { gunzipSync } from "node:zlib";
import { carelessPath, READINGS, readRequests } from "../lenient.ts";
import { FORBIDDEN, HOSTS } from "./hosts.ts";
import type { Arrived } from "./upstream.ts";

/**
 * What is wrong with what arrived, against what the journal allowed. It shares nothing with the gateway: heads are read as carelessly as
 * servers read them, and bodies by every decoder and every reader of JSON that might obey a forbidden word.
 */
interface Request {
  host: string;
  method: string;
  target: string;
  hosts: string[];
  headers: [string, string][];
  body: Buffer;
}

const METHODS = new Set(["GET", "HEAD", "POST"]);
const BODY_PATHS = new Set(["/rpc", "/mcp", "/graphql"]);
/** RFC 9110 9.2.1: sent once more where a connection that was kept closed under it. */
const REPEATED = new Set(["GET", "HEAD"]);
const ONE_HOP = /^(?:te|expect|trailer|keep-alive|proxy-.*|http2-settings|transfer-encoding|upgrade|connection)$/;

export const keyOf = ({ method, host, target }: { method: string; host: string; target: string }): string =>
  `${method} ${host} ${target}`;

export function judgeArrived(arrived: Arrived, allowed: ReadonlyMap<string, number>): string[] {
  const faults = arrived.misnamed.map((name) => `a handshake for ${name}`);
  const requests = [...arrived.streams.map(ofStream), ...arrived.connections.flatMap((one) => ofBytes(one, faults))];
  const seen = new Map<string, number>();
  for (const request of requests) {
    const key = keyOf(request);
    seen.set(key, (seen.get(key) ?? 0) + 1);
    for (const fault of faultsOf(request))
      faults.push(
        `${fault}: ${key} ${JSON.stringify(request.headers)} ${request.body.toString("latin1").slice(0, 500)}`,
      );
  }
  for (const [key, count] of seen) {
    const times = (allowed.get(key) ?? 0) * (REPEATED.has(key.split(" ", 1)[0] ?? "") ? 2 : 1);
    if (count > times) faults.push(`sent ${count} times, allowed ${allowed.get(key) ?? 0} times: ${key}`);
  }
  for (const bytes of arrived.webSockets) faults.push(...webSocketFaults(bytes));
  return faults;
}

function ofStream({ host, lines, body }: Arrived["streams"][number]): Request {
  const pseudo = (name: string) => lines.filter(([key]) => key === name).map(([, value]) => value);
  const headers = lines.filter(([name]) => !name.startsWith(":"));
  const schemes = pseudo(":scheme");
  if (schemes.join() !== "https") headers.push(["proxy-scheme", schemes.join()]);
  const hosts = [...pseudo(":authority"), ...headers.filter(([name]) => name === "host").map(([, value]) => value)];
  // "te: trailers" belongs to HTTP/2, and nothing else of one hop.
  const kept = headers.filter(([name, value]) => name !== "te" || value !== "trailers");
  return {
    host,
    method: pseudo(":method").join("+"),
    target: pseudo(":path").join("+"),
    hosts,
    headers: kept,
    body: Buffer.concat(body),
  };
}

function ofBytes({ host, bytes }: Arrived["connections"][number], faults: string[]): Request[] {
  const readings = READINGS.map((reading) => readRequests(bytes, reading).requests);
  const [first = []] = readings;
  if (readings.some((one) => JSON.stringify(one) !== JSON.stringify(first)))
    faults.push(`two readings: ${JSON.stringify(bytes.slice(0, 2000))}`);
  return first.map(({ method, target, hosts, headers, body }) => {
    const opens =
      target.startsWith("/live") && headers.some(([name, value]) => name === "upgrade" && value === "websocket");
    const framed = headers.filter(
      ([name, value]) =>
        !(name === "connection" && value !== "host") &&
        !(name === "transfer-encoding" && value === "chunked") &&
        !(opens && name === "upgrade"),
    );
    return { host, method, target, hosts, headers: framed, body: Buffer.from(body, "latin1") };
  });
}

function faultsOf({ host, method, target, hosts, headers, body }: Request): string[] {
  const faults: string[] = [];
  const path = carelessPath(target);
  const inspected = BODY_PATHS.has(path);
  if (!METHODS.has(method) || !(inspected || path === "/live" || /^\/v1(\/|$)/.test(path)))
    faults.push("nobody allows it");
  if (hosts.join("+") !== host || !HOSTS.includes(host)) faults.push("another host");
  if (headers.some(([name]) => ONE_HOP.test(name))) faults.push("a header of one hop");
  if (headers.some(([name, value]) => !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || /[\0\r\n]/.test(value)))
    faults.push("a line within a line");
  if (inspected && isForbidden(body)) faults.push("a body that nobody allows");
  if (inspected && new RegExp(Object.values(FORBIDDEN).join("|"), "i").test(decodedOnce(target)))
    faults.push("a query that nobody allows");
  return faults;
}

const decodedOnce = (text: string): string =>
  text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** Every text that some server would read in these bytes. */
function textsOf(bytes: Buffer): string[] {
  const texts = [
    bytes.toString("utf8"),
    bytes.toString("latin1"),
    bytes.toString("utf16le"),
    Buffer.from(bytes.subarray(0, bytes.length & ~1))
      .swap16()
      .toString("utf16le"),
  ];
  try {
    texts.push(gunzipSync(bytes, { maxOutputLength: 1_000_000 }).toString("utf8"));
  } catch {
    // It was not compressed.
  }
  return [...texts, ...texts.map((text) => decodedOnce(text.replaceAll("+", " ")))];
}

/** A key and its text at any place of the bytes, also where two overlap; quotes of either kind. */
const PAIR = /(?=(["'])((?:[^"'\\]|\\.)*)\1[\s\u00a0\ufeff]*:[\s\u00a0\ufeff]*(["'])((?:[^"'\\]|\\.)*)\3)/g;
const WORDS: readonly (readonly [key: string, word: string])[] = [
  ["method", FORBIDDEN.rpc],
  ["name", FORBIDDEN.tool],
  ["query", FORBIDDEN.field],
];

export function isForbidden(bytes: Buffer): boolean {
  return textsOf(bytes).some((text) => {
    for (const [, , key = "", , value = ""] of text.matchAll(PAIR)) {
      const [name, said] = [plain(key), plain(value)];
      if (WORDS.some(([which, word]) => name === which && said.includes(word.toLowerCase()))) return true;
    }
    return false;
  });
}

/** As a careless reader compares: in any case, escapes undone, up to where C ends a text. */
const plain = (text: string): string =>
  text
    .replace(/\\u([0-9a-f]{4})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .toLowerCase()
    .replace(/\0.*/s, "");

/** The client's frames as a careless server reads them: every message, however it was cut, and the words of control frames. */
function webSocketFaults(bytes: Buffer): string[] {
  const payloads: Buffer[] = [];
  for (let at = 0; at + 2 <= bytes.length; ) {
    const masked = (bytes.readUInt8(at + 1) & 0x80) !== 0;
    let length = bytes.readUInt8(at + 1) & 0x7f;
    const opcode = bytes.readUInt8(at) & 0x0f;
    const wide = length === 126 ? 2 : length === 127 ? 8 : 0;
    if (at + 2 + wide + (masked ? 4 : 0) > bytes.length) break;
    if (wide === 2) length = bytes.readUInt16BE(at + 2);
    if (wide === 8) length = Number(bytes.readBigUInt64BE(at + 2));
    const start = at + 2 + wide + (masked ? 4 : 0);
    if (start + length > bytes.length) break;
    const mask = bytes.subarray(start - 4, start);
    const payload = Buffer.from(bytes.subarray(start, start + length));
    if (masked) for (const [index, byte] of payload.entries()) payload.writeUInt8(byte ^ (mask[index % 4] ?? 0), index);
    if (!masked) return ["an unmasked frame"];
    if (opcode >= 0x8 && payload.includes(Buffer.from('"'))) return ["a control frame with the client's words"];
    payloads.push(payload);
    at = start + length;
  }
  // One after the other, and all together: a message in parts is whole in the second.
  const texts = [...payloads, Buffer.concat(payloads)];
  return texts.some((text) => isForbidden(text))
    ? [`a message that nobody allows: ${Buffer.concat(payloads).toString("latin1").slice(0, 500)}`]
    : [];
}
