import { gzipSync } from "node:zlib";
import type { Random } from "../../../policy/fuzz/random.ts";
import { ALLOWED, FORBIDDEN } from "./hosts.ts";

/** A request with a body that the policy reads: sound, or so that a careless server would read another one. */
export interface InspectedRequest {
  path: string;
  headers: [string, string][];
  body: Buffer;
}

const PATHS = ["/rpc", "/mcp", "/graphql"] as const;
type InspectedPath = (typeof PATHS)[number];
const TYPES = ["application/json", "application/json", "application/json", "application/json; charset=utf-8"];
const ODD_TYPES = [
  "application/json; charset=utf-16le",
  "application/json; charset=utf-7",
  "application/x-www-form-urlencoded",
  "multipart/form-data; boundary=x",
  "application/graphql",
  "text/plain",
  "",
  "application/json, text/plain",
  "APPLICATION/JSON",
  "application/vnd.api+json",
];
const SPACES = ["", "", "", " ", "\t", "\n", "\r\n", "\u00a0", "\v", "\f"];

const rpc = (method: string, more = ""): string => `{"jsonrpc":"2.0","id":1,"method":"${method}"${more}}`;
const tool = (name: string): string => rpc("tools/call", `,"params":{"name":"${name}","arguments":{"path":"/a"}}`);
const query = (fields: string): string => JSON.stringify({ query: fields });

export function soundBody(random: Random, path: InspectedPath | "/live"): string {
  if (path === "/rpc")
    return random.pick([rpc(ALLOWED.rpc), rpc(ALLOWED.rpc, ',"params":[1,"a"]'), `[${rpc(ALLOWED.rpc)}]`]);
  if (path === "/mcp") return tool(ALLOWED.tool);
  const plain = random.pick([
    `{ ${ALLOWED.field} }`,
    `query Q { a: ${ALLOWED.field} }`,
    `query { ...F } fragment F on Query { ${ALLOWED.field} }`,
  ]);
  return path === "/graphql" ? query(plain) : JSON.stringify({ id: "1", type: "subscribe", payload: { query: plain } });
}

/** What is forbidden, alone or hidden beside what is allowed. */
export function hostileBody(random: Random, path: InspectedPath | "/live"): string {
  const key = path === "/mcp" ? "name" : path === "/rpc" ? "method" : "query";
  const [good, bad] = wordsOf(path);
  const pair = (name: string, value: string) => `"${name}"${random.pick(SPACES)}:${random.pick(SPACES)}"${value}"`;
  const names = [
    key,
    key,
    key.toUpperCase(),
    `${key[0]?.toUpperCase()}${key.slice(1)}`,
    escaped(key, random),
    `${key} `,
    `${key}\0`,
    `\ufeff${key}`,
  ];
  const values = [bad, bad, escaped(bad, random), ` ${bad}`, bad.toUpperCase(), `${bad}\0`];
  const two = [pair(key, good), pair(random.pick(names), random.pick(values))];
  if (random.chance(50)) two.reverse();
  const inner = random.chance(40)
    ? pair(random.pick(names), random.pick(values))
    : two.join(random.pick([",", ", ", ",,", " "]));
  const shape = random.below(10);
  const one = wrapped(path, inner);
  if (shape === 0) return `[${soundBody(random, path)},${one}]`;
  if (shape === 1) return soundBody(random, path) + random.pick(["", "\n", "\0", ","]) + one;
  if (shape === 2) return `/* */${one}`;
  if (shape === 3) return `\ufeff${one}`;
  if (shape === 4) return one.replaceAll('"', "'");
  if (shape === 5) return `${soundBody(random, path)}//\n${one}`;
  return one;
}

function wordsOf(path: InspectedPath | "/live"): [good: string, bad: string] {
  if (path === "/rpc") return [ALLOWED.rpc, FORBIDDEN.rpc];
  if (path === "/mcp") return [ALLOWED.tool, FORBIDDEN.tool];
  return [`{ ${ALLOWED.field} }`, `mutation { ${FORBIDDEN.field} }`];
}

function wrapped(path: InspectedPath | "/live", inner: string): string {
  if (path === "/rpc") return `{"jsonrpc":"2.0","id":1,${inner}}`;
  if (path === "/mcp") return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{${inner},"arguments":{}}}`;
  return path === "/graphql" ? `{${inner}}` : `{"id":"1","type":"subscribe","payload":{${inner}}}`;
}

/** One letter as an escape of JSON. */
function escaped(text: string, random: Random): string {
  const at = random.below(text.length);
  return `${text.slice(0, at)}\\u${text.charCodeAt(at).toString(16).padStart(4, "0")}${text.slice(at + 1)}`;
}

export function inspectedRequest(random: Random): InspectedRequest {
  const path = random.pick(PATHS);
  const headers: [string, string][] = [];
  const type = random.chance(80) ? random.pick(TYPES) : random.pick(ODD_TYPES);
  if (random.chance(97)) headers.push(["content-type", type]);
  if (random.chance(4)) headers.push(["content-type", random.pick([...TYPES, ...ODD_TYPES])]);
  const sound = random.chance(45);
  const text = sound ? soundBody(random, path) : hostileBody(random, path);
  let body: Buffer = Buffer.from(text, "utf8");
  const turn = random.below(25);
  if (turn === 0) body = Buffer.from(text, "utf16le");
  if (turn === 1) body = Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(text, "utf16le").swap16()]);
  if (turn === 2) body = gzipSync(text);
  if (turn <= 2 && random.chance(70))
    headers.push(["content-encoding", random.pick(["gzip", "x-gzip", "identity", "GZIP", "deflate", ""])]);
  if (turn === 3) body = Buffer.from(`query=${encodeURIComponent(text)}`);
  if (turn === 4)
    body = Buffer.from(`--x\r\nContent-Disposition: form-data; name="operations"\r\n\r\n${text}\r\n--x--\r\n`);
  if (turn === 5) body = Buffer.concat([body, Buffer.alloc(random.pick([10, 70_000]), " ")]);
  if (turn === 6) body = Buffer.from(body.toString("latin1").replace(/[a-z]/, "\xc0\xa2"), "latin1");
  if (turn > 20) body = flipped(random, body);
  if (path === "/mcp" && random.chance(60)) headers.push(["accept", "application/json, text/event-stream"]);
  const inUrl = path === "/graphql" && random.chance(8);
  return { path: inUrl ? `${path}?query=${encodeURIComponent(`mutation{${FORBIDDEN.field}}`)}` : path, headers, body };
}

export function flipped(random: Random, bytes: Buffer): Buffer {
  const out = Buffer.from(bytes);
  for (let n = 1 + random.below(3); n > 0 && out.length > 0; n -= 1)
    out[random.below(out.length)] = random.chance(50)
      ? random.below(256)
      : (random.pick([0, 9, 10, 13, 32, 34, 44, 58, 92, 123, 125]) ?? 0);
  return out;
}
