import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer as createHttp2Server, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { createServer, type TLSSocket } from "node:tls";
import { createLeaves } from "../../src/ca/leaves.ts";
import { createSandboxCa } from "../../src/index.ts";
import { portOf } from "../../test/support/world.ts";
import { READINGS, readRequests } from "../lenient.ts";

/** A server behind TLS that keeps all it was sent, unread or as its streams, and answers as servers do that are no help. */
export interface SeenStream {
  host: string;
  lines: [string, string][];
  body: Buffer[];
}
export interface Arrived {
  /** The bytes of each connection of HTTP/1.1, up to an upgrade. */
  connections: { host: string; bytes: string }[];
  streams: SeenStream[];
  /** The client's bytes behind each upgrade. */
  webSockets: Buffer[];
  /** Names asked for in the handshake that are not the server's. */
  misnamed: string[];
}
export const nothingArrived = (): Arrived => ({ connections: [], streams: [], webSockets: [], misnamed: [] });

export interface SecureUpstream {
  port: number;
  caPem: string;
  close(): void;
}

/** RFC 6455 1.3. */
const ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const LARGE_BYTES = 200_000;

/** The same number for the same target, so that a case is answered alike each time. */
const choiceOf = (target: string, count: number): number =>
  (createHash("sha1").update(target).digest()[0] ?? 0) % count;

export async function createSecureUpstream(
  host: string,
  into: Arrived,
  { http2 }: { http2: boolean },
): Promise<SecureUpstream> {
  const ca = await createSandboxCa({ name: "upstream" });
  const context = await createLeaves({ ca, now: Date.now }).contextFor(host);
  const streams = createHttp2Server({ maxSessionMemory: 1000 });
  streams.on("session", (session) => {
    session.on("error", () => {});
    // Of which it said that it will not look at what comes behind it: its sender may say that again.
    const last = { taken: 0, saidBy: false };
    session.on("stream", (stream, _headers, _flags, ...more: unknown[]) => {
      stream.on("error", () => {});
      stream.on("error", () => {});
      if (last.saidBy) return void stream.close(7);
      last.taken = Math.max(last.taken, stream.id ?? 0);
      const leave = () => {
        last.saidBy = true;
        session.goaway(0, last.taken);
      };
      keepStream(stream, { host, raw: more[0], leave }, into);
    });
  });
  const server = createServer({
    ALPNProtocols: http2 ? ["h2", "http/1.1"] : ["http/1.1"],
    SNICallback: (name, done) => {
      if (name !== host) into.misnamed.push(name);
      done(null, context);
    },
  });
  server.on("tlsClientError", () => {});
  server.on("secureConnection", (socket) => {
    socket.on("error", () => {});
    if (socket.alpnProtocol === "h2") streams.emit("connection", socket);
    else keepBytes(socket, host, into);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: portOf(server), caPem: ca.certificatePem, close: () => void server.close() };
}

function keepStream(
  stream: ServerHttp2Stream,
  { host, raw, leave }: { host: string; raw: unknown; leave: () => void },
  into: Arrived,
): void {
  const flat = Array.isArray(raw) ? raw.map(String) : [];
  const lines = flat.flatMap((name, at): [string, string][] => (at % 2 === 0 ? [[name, flat[at + 1] ?? ""]] : []));
  const target = lines.find(([name]) => name === ":path")?.[1] ?? "";
  const choice = choiceOf(target, 20);
  // Refused means unseen: its sender may say it again.
  if (choice === 0) return void stream.close(7);
  const seen: SeenStream = { host, lines, body: [] };
  into.streams.push(seen);
  stream.on("trailers", (trailers: IncomingHttpHeaders) => {
    for (const [name, value] of Object.entries(trailers)) seen.lines.push([name, String(value)]);
  });
  stream.on("data", (chunk: Buffer) => void seen.body.push(chunk));
  // Never answered.
  if (choice === 1) return;
  const answer = () => {
    if (stream.destroyed || stream.closed || stream.headersSent) return;
    if (choice === 2) return void stream.close(2);
    if (choice === 3) return leave();
    stream.respond({ ":status": 200, "x-a": "b" });
    stream.end(choice === 4 ? Buffer.alloc(LARGE_BYTES, "l") : "ok");
  };
  if (choice === 5) answer();
  else stream.once("end", answer);
}

function keepBytes(socket: TLSSocket, host: string, into: Arrived): void {
  const kept = { host, bytes: "" };
  into.connections.push(kept);
  let answered = 0;
  let frames: Buffer[] | null = null;
  socket.on("data", (chunk: Buffer) => {
    if (frames !== null) return void frames.push(chunk);
    kept.bytes += chunk.toString("latin1");
    const [reading] = READINGS;
    if (reading === undefined) return;
    const { requests, consumed } = readRequests(kept.bytes, reading);
    for (; answered < requests.length && frames === null; answered += 1) {
      const request = requests[answered];
      if (request === undefined) return;
      const key = request.headers.find(([name]) => name === "sec-websocket-key")?.[1];
      const upgrades = request.headers.some(
        ([name, value]) => name === "upgrade" && value.toLowerCase() === "websocket",
      );
      if (upgrades && key !== undefined && answered === requests.length - 1) {
        const behind = Buffer.from(kept.bytes.slice(consumed), "latin1");
        kept.bytes = kept.bytes.slice(0, consumed);
        frames = [behind];
        const whole = frames;
        socket.once("close", () => void into.webSockets.push(Buffer.concat(whole)));
        const accept = createHash("sha1").update(`${key}${ACCEPT_SUFFIX}`).digest("base64");
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
        );
        socket.write(Buffer.from([0x81, 2, 0x68, 0x69]));
      } else socket.write(answerTo(request.method, request.target));
    }
  });
}

/** Mostly sound; else as a broken or a hostile server would. */
function answerTo(method: string, target: string): string {
  const body = method === "HEAD" ? "" : "ok";
  const sound = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const odd = [
    "",
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n${sound}`,
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\nhello`,
    `HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`,
    `HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    `HTTP/1.1 099 Low\r\n\r\n`,
    `HTTP/1.1 200 \0\x7f\r\nX: \xff\r\nContent-Length: 0\r\n\r\n`,
    `${sound}${sound}`,
    `HTTP/1.1 204 None\r\nContent-Length: 3\r\n\r\nabc`,
    "nonsense\r\n\r\n",
    `HTTP/1.1 200 OK\r\nX: ${"y".repeat(80_000)}\r\n\r\n`,
  ];
  return odd[choiceOf(target, 60)] ?? sound;
}
