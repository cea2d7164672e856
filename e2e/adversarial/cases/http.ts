/** Threat: the gateway judges one request and a server answers another. */
import { groupOf, node } from "../attack.ts";
import type { Case } from "../model.ts";
import {
  all,
  hasControls,
  neverPrints,
  nothingAnywhere,
  nothingReached,
  prints,
  recorded,
  serverGot,
  serverNeverGot,
} from "../witness.ts";

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

const rules: Case[] = [
  attack("http-method", "uses a method that no rule allows", {
    promise: "rules",
    program: node(
      `for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) { const r = await ask("https://" + host("api") + "/v1/x", { method }); say(r.failed ?? r.status); }`,
    ),
    expect: all(nothingAnywhere, recorded({ decision: "deny", method: "DELETE" }), neverPrints(/^200$/m)),
  }),
  attack("http-pipeline", "hides a denied request behind an allowed one", {
    promise: "rules",
    program: node(
      `say(await rawTls(host("api"), "GET /v1/a HTTP/1.1\\n${H}\\n\\nDELETE /v1/a HTTP/1.1\\n${H}\\n\\nGET /admin HTTP/1.1\\n${H}\\n\\n"))`,
    ),
    expect: all(serverGot("api", /^GET \/v1\/a/), serverNeverGot("api", /DELETE|admin/)),
  }),
  attack("http-keepalive", "sends a denied request on a connection that was allowed", {
    promise: "rules",
    program: node(
      `const agent = new (await import("node:https")).Agent({ keepAlive: true, maxSockets: 1 }); for (const p of ["/v1/a", "/admin", "/v1/b", "/v2"]) { const r = await ask("https://" + host("api") + p, { agent }); say(p + " " + (r.failed ?? r.status)); } process.exit(0)`,
    ),
    expect: all(prints(/\/admin 403/), serverNeverGot("api", /admin|v2/)),
  }),
  attack("http-sni", "says another name in TLS than it looked up", {
    promise: "names-agree",
    program: node(
      `for (const servername of ["evil.creel.example", "other.creel.example", "API.creel.example.evil.creel.example", ""]) say(await rawTls(host("api"), "GET /v1/x HTTP/1.1\\n${H}\\n\\n", { servername, rejectUnauthorized: false, ms: 700 }))`,
    ),
    expect: nothingAnywhere,
  }),
  attack("http-alpn", "offers protocols that are not inspected", {
    promise: "judged-is-forwarded",
    program: node(
      `for (const p of ["h3", "spdy/3.1", "ftp", "http/0.9"]) say(await rawTls(host("api"), "hello\\n\\n", { ALPNProtocols: [p], ms: 500 }))`,
    ),
    expect: nothingAnywhere,
  }),
  attack("http-h2-paths", "asks for denied things over HTTP/2, or finds that it is not offered", {
    promise: "rules",
    program: node(
      `const c = http2.connect("https://" + host("api")); c.on("error", (e) => { say(e.code); process.exit(0); }); for (const [m, p, a] of [["DELETE", "/v1/x"], ["GET", "/admin"], ["GET", "/v1/x", "evil.creel.example"], ["GET", "/v1/../admin"], ["GET", "/v1/private/x"]]) { const s = c.request({ ":method": m, ":path": p, ...(a ? { ":authority": a } : {}) }); s.on("error", (e) => say(e.code)); s.on("response", (h) => say(m + p + " " + h[":status"])); s.end(); } await sleep(1200); process.exit(0)`,
    ),
    expect: all(nothingAnywhere, neverPrints(/ 200/)),
  }),
  attack("http-tls-inside", "wraps TLS to another host in TLS to the allowed one", {
    promise: "names-agree",
    program: node(
      `const outer = tls.connect({ host: host("api"), port: 443, servername: host("api") }); outer.on("error", (e) => say(e.code)); outer.on("secureConnect", () => { const inner = tls.connect({ socket: outer, servername: host("evil"), rejectUnauthorized: false }); inner.on("error", (e) => say(e.code)); inner.on("secureConnect", () => say("INSIDE")); inner.write("GET / HTTP/1.1\\r\\n\\r\\n"); }); await sleep(900); process.exit(0)`,
    ),
    expect: all(nothingAnywhere, neverPrints(/INSIDE/)),
  }),
  attack("http-bytes-on-tls-port", "speaks plain bytes on the port of an inspected endpoint", {
    promise: "judged-is-forwarded",
    program: node(
      `for (const bytes of ["SSH-2.0-x\\r\\n", "\\u0000\\u0001\\u0002", "EHLO x\\r\\n", "GET /v1/x HTTP/1.1\\r\\n${H}\\r\\n\\r\\n"]) say(await rawTcp(host("api"), 443, bytes, 600))`,
    ),
    expect: nothingReached("api", "evil"),
  }),
  attack("http-websocket", "opens a WebSocket where none was allowed", {
    promise: "rules",
    program: node(
      `say(await rawTls(host("api"), "GET /v1/x HTTP/1.1\\n${H}\\nConnection: Upgrade\\nUpgrade: websocket\\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\\nSec-WebSocket-Version: 13\\n\\n"))`,
    ),
    expect: all(nothingAnywhere, neverPrints(/101 Switching/)),
  }),
  attack("http-rebind", "an allowed name leads to loopback, metadata and private addresses", {
    promise: "addresses",
    before: async () => {
      (await import("../contenders/creel.ts")).moving.addresses = [
        "127.0.0.1",
        "169.254.169.254",
        "10.0.0.7",
        "::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "fd00:ec2::254",
        "0.0.0.0",
        "100.64.0.1",
      ];
    },
    program: node(
      `for (const u of ["https://", "http://"]) { const r = await ask(u + host("moving") + "/x"); say(r.failed ?? r.status); }`,
    ),
    expect: all(nothingAnywhere, prints(/^403$/m), recorded({ decision: "deny", host: "moving.creel.example" })),
  }),
  attack("http-redirect", "follows an allowed host's redirect to another one", {
    promise: "rules",
    program: node(
      `const r = await ask("https://" + host("api") + "/v1/redirect"); say(r.headers.location); say(await ask(r.headers.location, { rejectUnauthorized: false }))`,
    ),
    expect: all(
      serverGot("api", /redirect/),
      nothingReached("evil"),
      recorded({ decision: "deny", host: "evil.creel.example" }),
    ),
  }),
  attack("http-proxy-headers", "forges the headers that say who asks and from where", {
    promise: "judged-is-forwarded",
    program: node(
      `say((await ask("https://" + host("api") + "/v1/fwd", { headers: { "proxy-authorization": "Basic eDp5", "proxy-connection": "keep-alive", "keep-alive": "x", te: "trailers", connection: "close, x-hop", "x-hop": "1" } })).status)`,
    ),
    expect: all(
      serverGot("api", /\/v1\/fwd/),
      serverNeverGot("api", /proxy-authorization|proxy-connection|x-hop|trailers/),
    ),
  }),
  attack("http-journal-injection", "writes forged lines and terminal codes into the journal by its path and headers", {
    promise: "journal-true",
    needs: ["journal"],
    program: node(
      `say(await rawTls(host("api"), "GET /admin?x=%0a{%22decision%22:%22allow%22}%1b[2J HTTP/1.1\\n${H}\\nUser-Agent: \\u001b[31m{\\"decision\\":\\"allow\\"}\\n\\n", { ms: 700 }))`,
    ),
    expect: all(nothingAnywhere, {
      says: "every record of the attack is a denial, on one line, without control characters",
      check: ({ records }) =>
        records.length > 0 &&
        records.every((record) => record.decision === "deny") &&
        !records.some(({ host, path, reason }) => hasControls(`${host}${path}${reason}`))
          ? null
          : JSON.stringify(records).slice(0, 200),
    }),
  }),
  attack("http-journal-flood", "fills the journal with denied requests", {
    promise: "journal-true",
    needs: ["journal"],
    program: node(
      `let n = 0; const until = Date.now() + 900; await Promise.all(Array.from({ length: 16 }, async () => { while (Date.now() < until) { await ask("https://" + host("api") + "/admin/" + "x".repeat(3000)); n++; } })); say("asked " + n)`,
    ),
    expect: all(nothingAnywhere, {
      says: "at most two hundred lines a second, none longer than its bound",
      check: ({ records }) =>
        records.length <= 400 && records.every((record) => JSON.stringify(record).length < 16_384)
          ? null
          : `${records.length} lines`,
    }),
  }),
  attack("http-honest-post", "control: the one allowed POST arrives with its body", {
    promise: "honest-work",
    control: true,
    program: node(
      `const r = await ask("https://" + host("api") + "/v1/items", { method: "POST", body: "one item" }); say(r.failed ?? r.status)`,
    ),
    expect: all(prints(/^200$/m), serverGot("api", /POST \/v1\/items[\s\S]*one item/)),
  }),
  attack("http-honest-path", "control: a path that needs tidying arrives tidied", {
    promise: "one-path",
    control: true,
    program: node(
      `say(await rawTls(host("api"), "GET /v1/a/../b//c/%7euser HTTP/1.1\\n${H}\\nConnection: close\\n\\n"))`,
    ),
    expect: serverGot("api", /^GET \/v1\/b\/c\/~user$/m),
  }),
];

export const http: Case[] = [...smuggling, ...paths, ...rules];
