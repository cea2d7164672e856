/** Threat: the gateway judges one request and a server answers another. */
import { groupOf, node } from "../attack.ts";
import type { Case } from "../model.ts";
import { all, neverPrints, nothingAnywhere } from "../witness.ts";

const attack = groupOf("http", ["egress", "rules"]);

/** One raw request inside TLS to the allowed host; whatever it says must reach nobody. */
const smuggle = (id: string, title: string, head: string): Case =>
  attack(id, title, {
    promise: "judged-is-forwarded",
    program: node(`say(await rawTls(host("api"), ${JSON.stringify(head)}, { ms: 900 }))`),
    expect: all(nothingAnywhere, neverPrints(/HTTP\/1\.1 200/)),
  });
const H = "Host: api.creel.example";

const smuggling: Case[] = [
  smuggle(
    "http-cl-te",
    "Content-Length and Transfer-Encoding disagree",
    `POST /v1/items HTTP/1.1\n${H}\nContent-Length: 4\nTransfer-Encoding: chunked\n\n0\n\nGET /admin HTTP/1.1\n${H}\n\n`,
  ),
  smuggle(
    "http-te-te",
    "two Transfer-Encodings, one of them misspelt",
    `POST /v1/items HTTP/1.1\n${H}\nTransfer-Encoding: chunked\nTransfer-Encoding: xchunked\n\n0\n\n`,
  ),
  smuggle(
    "http-te-space",
    "a blank before the colon hides Transfer-Encoding",
    `POST /v1/items HTTP/1.1\n${H}\nTransfer-Encoding : chunked\nContent-Length: 4\n\n0\n\n`,
  ),
  smuggle(
    "http-te-tab",
    "a tab and quotes around chunked",
    `POST /v1/items HTTP/1.1\n${H}\nTransfer-Encoding:\t"chunked"\n\n0\n\n`,
  ),
  smuggle(
    "http-te-fold",
    "Transfer-Encoding on a folded line",
    `POST /v1/items HTTP/1.1\n${H}\nX-A: b\n Transfer-Encoding: chunked\n\n0\n\n`,
  ),
  smuggle(
    "http-cl-cl",
    "two different Content-Lengths",
    `POST /v1/items HTTP/1.1\n${H}\nContent-Length: 0\nContent-Length: 30\n\nGET /admin HTTP/1.1\nX: y\n\n`,
  ),
  smuggle(
    "http-cl-list",
    "a list of Content-Lengths in one header",
    `POST /v1/items HTTP/1.1\n${H}\nContent-Length: 0, 30\n\nGET /admin HTTP/1.1\nX: y\n\n`,
  ),
  smuggle(
    "http-cl-sign",
    "Content-Length with a sign, in hexadecimal",
    `POST /v1/items HTTP/1.1\n${H}\nContent-Length: +0x10\n\nGET /admin HTTP/1.1\n\n`,
  ),
  smuggle(
    "http-te-10",
    "Transfer-Encoding in HTTP/1.0",
    `POST /v1/items HTTP/1.0\n${H}\nTransfer-Encoding: chunked\n\n0\n\n`,
  ),
  smuggle(
    "http-chunk-size",
    "a chunk size that overflows",
    `POST /v1/items HTTP/1.1\n${H}\nTransfer-Encoding: chunked\n\nfffffffffffffffff\nx`,
  ),
  smuggle("http-two-hosts", "two Host headers", `GET /v1/x HTTP/1.1\n${H}\nHost: evil.creel.example\n\n`),
  smuggle("http-host-other", "another Host than the connection's", "GET /v1/x HTTP/1.1\nHost: other.creel.example\n\n"),
  smuggle("http-host-list", "a list in Host", "GET /v1/x HTTP/1.1\nHost: api.creel.example, evil.creel.example\n\n"),
  smuggle(
    "http-host-user",
    "a user name in Host",
    "GET /v1/x HTTP/1.1\nHost: api.creel.example@evil.creel.example\n\n",
  ),
  smuggle("http-host-port", "another port in Host", "GET /v1/x HTTP/1.1\nHost: api.creel.example:8443\n\n"),
  smuggle("http-host-none", "no Host at all", "GET /v1/x HTTP/1.1\nX: y\n\n"),
  smuggle("http-absolute", "absolute form with another host", `GET https://evil.creel.example/v1/x HTTP/1.1\n${H}\n\n`),
  smuggle(
    "http-absolute-scheme",
    "absolute form with another scheme",
    `GET http://api.creel.example/v1/x HTTP/1.1\n${H}\n\n`,
  ),
  smuggle(
    "http-connect",
    "CONNECT inside an inspected connection",
    `CONNECT evil.creel.example:443 HTTP/1.1\n${H}\n\n`,
  ),
  smuggle(
    "http-h2c",
    "an upgrade to HTTP/2 in clear text",
    `GET /v1/x HTTP/1.1\n${H}\nConnection: Upgrade, HTTP2-Settings\nUpgrade: h2c\nHTTP2-Settings: AAMAAABkAAQAAP__\n\n`,
  ),
  smuggle("http-h2-preface", "HTTP/2 with prior knowledge inside HTTP/1.1", "PRI * HTTP/2.0\n\nSM\n\n"),
  smuggle("http-trace", "TRACE, which echoes what the gateway added", `TRACE /v1/x HTTP/1.1\n${H}\n\n`),
  smuggle("http-method-case", "a method in another case", `get /v1/x HTTP/1.1\n${H}\n\n`),
  smuggle("http-method-unknown", "a method that nobody knows", `GETX /v1/x HTTP/1.1\n${H}\n\n`),
  smuggle(
    "http-override",
    "a method override header",
    `POST /v1/items HTTP/1.1\n${H}\nX-HTTP-Method-Override: DELETE\nContent-Length: 0\n\n`,
  ),
  smuggle(
    "http-override-underscore",
    "the same with underscores, as some servers read it",
    `POST /v1/items HTTP/1.1\n${H}\nX_HTTP_Method_Override: DELETE\nX-Original-URL: /admin\nContent-Length: 0\n\n`,
  ),
  smuggle(
    "http-rewrite-url",
    "a header that names another path",
    `GET /v1/x HTTP/1.1\n${H}\nX-Rewrite-URL: /admin\n\n`,
  ),
  smuggle("http-nul", "a NUL and a bare line feed in a header", `GET /v1/x HTTP/1.1\n${H}\nX-A: a\u0000b\n\n`),
  smuggle(
    "http-connection-host",
    "a Connection header that takes Host away",
    `GET /v1/x HTTP/1.1\n${H}\nConnection: close, host, authorization\n\n`,
  ),
  smuggle("http-09", "HTTP/0.9", "GET /v1/x\n\n"),
  smuggle("http-big-head", "a head larger than any bound", `GET /v1/x HTTP/1.1\n${H}\nX-A: ${"a".repeat(70_000)}\n\n`),
  smuggle("http-many-headers", "a thousand headers", `GET /v1/x HTTP/1.1\n${H}\n${"A: b\n".repeat(1_000)}\n`),
];

/** Paths that must not be read as one below /v1 by us and as another by a server. */
const paths: Case[] = [
  ["http-path-dots", "climbs out of the allowed path with ..", "/v1/../admin"],
  ["http-path-encoded-dots", "the same with encoded dots", "/v1/%2e%2e/admin"],
  ["http-path-double", "the same encoded twice", "/v1/%252e%252e/admin"],
  ["http-path-encoded-slash", "the same with an encoded slash", "/v1/..%2fadmin"],
  ["http-path-backslash", "the same with backslashes", "/v1\\..\\admin"],
  ["http-path-semicolon", "the same with a path parameter, as Java servers read it", "/v1/..;/admin"],
  ["http-path-overlong", "the same with dots in overlong UTF-8", "/v1/%c0%ae%c0%ae/admin"],
  ["http-path-fragment", "a fragment in the target", "/v1/x#/../../admin"],
  ["http-path-nul", "an encoded NUL that ends the path for some", "/admin%00/v1/x"],
  ["http-path-private-case", "another case of a denied path", "/v1/PRIVATE/keys"],
  ["http-path-private-slashes", "doubled slashes before a denied path", "/v1//private/keys"],
  ["http-path-private-encoded", "letters of a denied path encoded", "/v1/%70rivate/keys"],
  ["http-path-private-dot", "a dot segment before a denied path", "/v1/./private/keys"],
].map(([id = "", title = "", target = ""]) =>
  attack(id, title, {
    promise: "one-path",
    program: node(
      `say(await rawTls(host("api"), ${JSON.stringify(`GET ${target} HTTP/1.1\nHost: api.creel.example\nConnection: close\n\n`)}, { ms: 900 }))`,
    ),
    expect: all(nothingAnywhere, neverPrints(/HTTP\/1\.1 200/)),
  }),
);

export const http: Case[] = [...smuggling, ...paths];
