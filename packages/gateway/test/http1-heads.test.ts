import { createServer, type IncomingMessage } from "node:http";
import { Duplex, PassThrough } from "node:stream";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { connectionOptions, type Framing, requestFraming } from "../src/http1/framing.ts";
import { readRequestHead } from "../src/http1/head.ts";
import { createHeadBytes } from "../src/http1/headBytes.ts";

/**
 * Our reader of request heads beside llhttp, which is Node's. Whatever ours takes, llhttp must take, with the same words in it and the
 * same place where the next request begins; ours may refuse more.
 */
interface Seen {
  method: string;
  target: string;
  headers: string[];
}

/** What llhttp makes of these bytes: its requests up to the first error. */
async function llhttp(bytes: Buffer): Promise<Seen[]> {
  const seen: Seen[] = [];
  const server = createServer({ insecureHTTPParser: false, requireHostHeader: false });
  server.maxHeadersCount = 0;
  const see = (req: IncomingMessage) => {
    seen.push({ method: req.method ?? "", target: req.url ?? "", headers: req.rawHeaders });
    req.resume();
  };
  server.on("request", (req, res) => {
    see(req);
    res.end();
  });
  for (const event of ["checkContinue", "checkExpectation"] as const)
    server.on(event, (req, res) => {
      see(req);
      res.end();
    });
  for (const event of ["upgrade", "connect"] as const) server.on(event, see);
  server.on("clientError", () => {});
  const from = new PassThrough();
  const socket = Duplex.from({ readable: from, writable: new PassThrough().resume() });
  socket.on("error", () => {});
  server.emit("connection", socket);
  from.write(bytes);
  for (let turns = 0; turns < 6; turns++) await new Promise(setImmediate);
  socket.destroy();
  return seen;
}

function ours(bytes: Buffer) {
  const found = createHeadBytes({ bytesMax: 16 * 1024, of: "request" }).feed(bytes);
  if (found === null || "problem" in found) return null;
  const head = readRequestHead(found.text);
  if ("problem" in head) return null;
  const framing = requestFraming(head);
  return framing.kind === "unclear" ? null : { head, framing };
}

const HOST = "a.example.com";
const NEXT = `GET /next HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;
const bodyOf = (framing: Framing): string =>
  framing.kind === "chunked" ? "3\r\nabc\r\n0\r\n\r\n" : framing.kind === "length" ? "b".repeat(framing.bytes) : "";

const lines = fc.constantFrom(
  ...["Content-Length: 5", "Content-Length: 0", "content-length:  7 ", "Transfer-Encoding: chunked"],
  ...["transfer-encoding: CHUNKED", "Transfer-Encoding: gzip, chunked", "Connection: close", "Connection: keep-alive"],
  ...[
    "Connection: upgrade, x",
    "Upgrade: websocket",
    "Expect: 100-continue",
    "X-A: b\tc",
    "X-\xe4: b",
    "X-B: \xe4",
    "X:",
  ],
  ...[
    "X-C : d",
    " folded",
    "\tfolded",
    "no colon",
    "Content-Length: +5",
    "Content-Length: 5, 5",
    "X: \x7f",
    `Host: ${HOST}`,
  ],
);
const firsts = fc.constantFrom(
  ...[
    "GET / HTTP/1.1",
    "POST /a?b=c#d HTTP/1.1",
    "PUT /\xe4 HTTP/1.0",
    "OPTIONS * HTTP/1.1",
    "HEAD http://a.b/c HTTP/1.1",
  ],
  ...["CONNECT a.b:1 HTTP/1.1", "M-SEARCH * HTTP/1.1", "GET a HTTP/1.1", "get / HTTP/1.1", "GET  / HTTP/1.1"],
  ...["GET / HTTP/2.0", "GET / http/1.1", "PURGE / HTTP/1.1", "SOURCE / HTTP/1.1", "GET https://[::1]:8/ HTTP/1.1"],
);
const byte = fc.oneof(
  fc.constantFrom(0, 9, 10, 13, 32, 0x0b, 0x0c, 0x7f, 0x80, 0xff, 0x23, 0x2c, 0x3a, 0x5c),
  fc.integer({ min: 0, max: 255 }),
);
const mutation = fc.record({ at: fc.nat(1000), byte, how: fc.constantFrom("insert", "replace", "remove") });
const heads = fc
  .tuple(firsts, fc.array(lines, { maxLength: 3 }), fc.array(mutation, { maxLength: 2 }))
  .map(([first, headers, mutations]) => {
    let text = `${first}\r\n${[`Host: ${HOST}`, ...headers].join("\r\n")}\r\n\r\n`;
    for (const { at, byte, how } of mutations) {
      const place = at % text.length;
      const put = how === "remove" ? "" : String.fromCharCode(byte);
      text = text.slice(0, place) + put + text.slice(how === "insert" ? place : place + 1);
    }
    return text;
  });

describe("a request's head", () => {
  it("is read by us as llhttp reads it, or not at all", async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(heads, async (text) => {
        const read = ours(Buffer.from(text, "latin1"));
        if (read === null) return;
        taken += 1;
        const { head, framing } = read;
        const end = text.indexOf("\r\n\r\n") + 4;
        const whole = text.slice(0, end) + bodyOf(framing) + NEXT;
        const [first, second] = await llhttp(Buffer.from(whole, "latin1"));
        expect(first).toEqual({ method: head.method, target: head.target, headers: head.headers.flat() });
        const options = connectionOptions(head.headers);
        const leaves = head.method === "CONNECT" || options.includes("upgrade");
        if (!leaves && head.version === "1.1" && !options.includes("close")) expect(second?.target).toBe("/next");
      }),
      { numRuns: 4000 },
    );
    expect(taken).toBeGreaterThan(300);
  });

  it("ATTACK a line of blanks costs no more than its length", () => {
    const head = (blanks: number) => `GET / HTTP/1.1\r\nX:${" ".repeat(blanks)}\x7f`;
    expect(readRequestHead(head(200_000))).toEqual({ problem: expect.any(String) });
  });

  it.each([1, 2, 3, 7, 64])("means the same in pieces of %i bytes", (size) => {
    fc.assert(
      fc.property(heads, (text) => {
        const bytes = Buffer.from(text, "latin1");
        const atOnce = ours(bytes);
        const reader = createHeadBytes({ bytesMax: 16 * 1024, of: "request" });
        let found: ReturnType<typeof reader.feed> = null;
        for (let at = 0; at < bytes.length && found === null; at += size)
          found = reader.feed(bytes.subarray(at, at + size));
        const head = found === null || "problem" in found ? null : readRequestHead(found.text);
        const sound = head !== null && !("problem" in head) && requestFraming(head).kind !== "unclear";
        expect(sound ? head : null).toEqual(atOnce?.head ?? null);
      }),
      { numRuns: 500 },
    );
  });
});
