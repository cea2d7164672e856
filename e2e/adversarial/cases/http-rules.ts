/** Threat: one allowed request opens the way for others: on its connection, over another protocol, after a redirect, in the journal. */
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
const H = "Host: api.creel.example";

export const httpRules: Case[] = [
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
