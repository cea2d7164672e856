import type { Random } from "../../policy/fuzz/random.ts";

/** What a hostile client writes on one connection: requests, some of them sound, with the tricks that have fooled proxies before. */
export const HOST = "plain.example.com";

const METHODS = [
  "GET",
  "POST",
  "HEAD",
  "GET",
  "POST",
  "DELETE",
  "get",
  "GE T",
  "CONNECT",
  "TRACE",
  "PRI",
  "M-SEARCH",
  "G\0ET",
  "OPTIONS",
  "\tGET",
];
const SEGMENTS = [
  ...[
    "a",
    "b",
    "..",
    ".",
    "",
    "%2e%2e",
    "%2E.",
    ".%2e",
    "..;",
    "..;a=b",
    "%252e%252e",
    "..%2f",
    "..%5c",
    "\\..",
    "%00",
    "%0a",
    "%0d%0a",
  ],
  ...[
    "%c0%ae",
    "a%20b",
    "a b",
    "é",
    "#",
    "a#b",
    "a?b",
    "a;b",
    "%2F",
    "%3b",
    "~",
    "%7e",
    "*",
    "%",
    "%zz",
    "...",
    ".. ",
    "%2e%2e%2f..",
    "@x",
    ":80",
  ],
];
const HOSTS = [
  ...[
    HOST,
    HOST,
    HOST,
    HOST,
    HOST.toUpperCase(),
    `${HOST}.`,
    `${HOST}:80`,
    `${HOST}:443`,
    `x@${HOST}`,
    `${HOST}@evil`,
    "evil.example.com",
    "",
  ],
  ...[
    `${HOST}, evil`,
    ` ${HOST}`,
    `${HOST}\tx`,
    `${HOST}/`,
    `${HOST}?`,
    `${HOST}#`,
    `${HOST}\\`,
    "127.0.0.1",
    "[::1]",
    "2130706433",
    `${HOST}%00`,
  ],
];
const LENGTHS = [
  "0",
  "1",
  "5",
  "44",
  "+5",
  "-1",
  "5 ",
  " 5",
  "5,5",
  "0x5",
  "5\t",
  "00005",
  "1e1",
  "99999999999999999999",
  "",
  "5;",
  "4\v",
];
const ENCODINGS = [
  ...[
    "chunked",
    "chunked",
    "Chunked",
    "xchunked",
    "chunked, identity",
    "identity, chunked",
    "identity",
    "gzip, chunked",
    " chunked",
  ],
  ...[
    "chunked ",
    "chunked\t",
    "\vchunked",
    "chunked;q=1",
    '"chunked"',
    "chunked\0",
    "chun\rked",
    "chunked,",
    ",chunked",
    "x\r\n chunked",
  ],
];
const NAMES = [
  "Transfer-Encoding",
  "transfer-encoding",
  "Transfer-Encoding ",
  " Transfer-Encoding",
  "Transfer_Encoding",
  "Transfer-Encoding\t",
  "Transfer-Encoding\0",
  "X\rTransfer-Encoding",
  "Content-Length",
  "Content_Length",
  "content-length",
  "Content-Length ",
  "\tContent-Length",
];
const EXTRA = [
  ...[
    "Connection: keep-alive",
    "Connection: close",
    "Connection: host",
    "Connection: content-length",
    "Connection: transfer-encoding, close",
  ],
  ...[
    "Expect: 100-continue",
    "Expect: 200-ok",
    "Upgrade: websocket",
    "Upgrade: h2c",
    "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
    "TE: trailers, chunked",
  ],
  ...[
    "X-HTTP-Method-Override: DELETE",
    "X-Original-URL: /admin",
    "Proxy-Connection: keep-alive",
    "Trailer: Host",
    "Keep-Alive: timeout=5",
  ],
  ...[
    "X-A: b\r\n folded: yes",
    "X-A: b\n bare",
    "X-A:",
    "NoColon",
    ": empty",
    "X-A: \0",
    "X-A: \x7f",
    "X-Å: 1",
    "X A: 1",
    "Content-Type: application/json",
  ],
  ...[
    "X-A: b\nGET /v1/bare HTTP/1.1\nHost: plain.example.com\n",
    "X-A: b\rX-B: c",
    "Forwarded: host=evil",
    "X-Forwarded-Host: evil",
  ],
];
const VERSIONS = [
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.0",
  "HTTP/0.9",
  "HTTP/2.0",
  "HTTP/1.2",
  "http/1.1",
  "HTTP/1.1 ",
  "HTTP/01.1",
  "HTTP/1.10",
  "",
];
const ENDS = ["\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r", "\n\r", "\r\r\n"];
const INNER = `GET /v1/smuggled HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;
const BODIES = [
  "",
  "hello",
  INNER,
  "0\r\n\r\n",
  `0\r\n\r\n${INNER}`,
  `5\r\nhello\r\n0\r\n\r\n`,
  `5;ext=1\r\nhello\r\n0\r\nX: y\r\n\r\n`,
  `5\nhello\n0\n\n`,
  `5\r\nhelloX\r\n0\r\n\r\n`,
  `005\r\nhello\r\n00\r\n\r\n`,
  `0x5\r\nhello\r\n0\r\n\r\n`,
  ` 5\r\nhello\r\n0\r\n\r\n`,
  `5\r\nhello\r\n0;${INNER}\r\n\r\n`,
  `5\r\nhello\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n`,
  `ffffffffffffffff5\r\nhello\r\n`,
  `5\r\nhello\r\n0\r\n\r${INNER}`,
  "3\r\nabc\r\n",
  `2c;\n${INNER}\r\n0\r\n\r\n`,
];

export function targetOf(random: Random): string {
  const depth = 1 + random.below(5);
  const path = Array.from({ length: depth }, () => random.pick(SEGMENTS)).join("/");
  const prefix = random.chance(75)
    ? "/v1/"
    : random.pick(["/", "//", "", "/V1/", "/v1", "/%76%31/", "/./v1/", "/x/../v1/", "*", "\\v1\\"]);
  const form = random.below(20);
  const query = random.chance(30)
    ? random.pick(["?", "?a=b", "?a=/../..", "?_method=DELETE", "??", "?a#b", "?%0d%0a", "?a b", "?a=\u00e9"])
    : "";
  const target = `${prefix}${path}${query}`;
  if (form === 0) return `http://${random.pick(HOSTS)}${target}`;
  if (form === 1) return random.pick(["https://", "HTTP://", "http:/", "//", "ftp://"]) + HOST + target;
  return target;
}

function requestOf(random: Random): string {
  const end = () => (random.chance(92) ? "\r\n" : random.pick(ENDS));
  const lines: string[] = [];
  const hosts = random.chance(90) ? 1 : random.below(3);
  for (let n = 0; n < hosts; n += 1)
    lines.push(
      `${random.chance(95) ? "Host" : random.pick(["host", "Host ", "HOST", "Ho\tst", " Host"])}: ${random.chance(80) ? HOST : random.pick(HOSTS)}`,
    );
  const body = random.chance(45) ? random.pick(BODIES) : "";
  if (body !== "" && random.chance(50))
    lines.push(`Content-Length: ${random.chance(70) ? body.length : random.pick(LENGTHS)}`);
  if (body !== "" && random.chance(45))
    lines.push(`Transfer-Encoding: ${random.chance(60) ? "chunked" : random.pick(ENCODINGS)}`);
  for (let n = random.below(4); n > 0; n -= 1)
    lines.push(
      random.chance(50)
        ? random.pick(EXTRA)
        : `${random.pick(NAMES)}: ${random.pick(random.chance(50) ? LENGTHS : ENCODINGS)}`,
    );
  for (let n = lines.length; n > 1; n -= 1) {
    const at = random.below(n);
    const [moved = ""] = lines.splice(at, 1);
    lines.push(moved);
  }
  const first = `${random.chance(85) ? random.pick(["GET", "POST"]) : random.pick(METHODS)}${random.chance(97) ? " " : random.pick(["  ", "\t", ""])}${targetOf(random)} ${random.pick(VERSIONS)}`;
  return [first, ...lines].map((line) => `${line}${end()}`).join("") + end() + body;
}

/** Sound enough to reach the judge, so that half of the run is spent behind the parser. */
function soundRequest(random: Random, id: string): string {
  const body = random.chance(40) ? random.pick(BODIES) : "";
  const framing =
    body === "" ? "" : random.chance(50) ? `Content-Length: ${Buffer.byteLength(body, "latin1")}\r\n` : null;
  const chunked = framing === null;
  const payload = chunked
    ? `${body.length.toString(16)}${random.chance(30) ? ";e=1" : ""}\r\n${body}\r\n0\r\n${random.chance(30) ? "X-T: y\r\n" : ""}\r\n`
    : body;
  const method = body === "" ? random.pick(["GET", "HEAD", "DELETE"]) : "POST";
  const path = random.chance(60)
    ? `/v1/${id}/${random.below(100)}`
    : `/v1/${Array.from({ length: 3 }, () => random.pick(SEGMENTS)).join("/")}`;
  return `${method} ${path} HTTP/1.1\r\nHost: ${HOST}\r\n${chunked ? "Transfer-Encoding: chunked\r\n" : framing}\r\n${payload}`;
}

const CUTS_MAX = 4;

/** The pieces that one connection writes, and whether it goes through the proxy. */
export function streamOf(random: Random, id: string): { pieces: Buffer[]; proxied: boolean } {
  const proxied = random.chance(25);
  let text = "";
  if (proxied && random.chance(50))
    text = `CONNECT ${random.chance(85) ? `${HOST}:80` : random.pick(HOSTS)} HTTP/1.1\r\nHost: ${HOST}:80\r\n\r\n`;
  for (let n = 1 + random.below(5); n > 0; n -= 1) {
    let one = random.chance(50) ? soundRequest(random, id) : requestOf(random);
    if (proxied && !text.startsWith("CONNECT") && random.chance(80))
      one = one.replace(" /", ` http://${random.chance(90) ? HOST : random.pick(HOSTS)}/`);
    text += one;
  }
  if (random.chance(20)) text = flip(random, text);
  text += `GET /v1/last HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`;
  const bytes = Buffer.from(text, "latin1");
  const cuts = Array.from({ length: random.below(CUTS_MAX) }, () => random.below(bytes.length)).sort((a, b) => a - b);
  const pieces = [0, ...cuts].map((start, index) => bytes.subarray(start, cuts[index] ?? bytes.length));
  return { pieces, proxied };
}

function flip(random: Random, text: string): string {
  const at = random.below(text.length);
  const odd = random.pick([
    "\r",
    "\n",
    "\0",
    " ",
    "\t",
    ":",
    ";",
    "\v",
    "\x85",
    "\xa0",
    "\xff",
    "",
    "\r\n",
    "\r\n\r\n",
  ]);
  return text.slice(0, at) + odd + text.slice(at + random.below(3));
}
