import { once } from "node:events";
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  createServer,
  type Http2Server,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
} from "node:http2";
import { connect as netConnect } from "node:net";
import { createServer as createTlsServer, type TLSSocket, connect as tlsConnect } from "node:tls";
import { createLeaves } from "../../src/ca/leaves.ts";
import { createSandboxCa } from "../../src/index.ts";
import { portOf } from "./world.ts";

export interface Http2Answer {
  status: number;
  headers: Record<string, unknown>;
  body: string;
  trailers: Record<string, unknown>;
  json: Record<string, unknown>;
}

/** A TLS connection through a door that agreed on HTTP/2. */
export async function tlsThrough(
  door: number,
  { host, ca, alpn = ["h2"] }: { host: string; ca: string; alpn?: string[] },
): Promise<TLSSocket> {
  const socket = tlsConnect({ host: "127.0.0.1", port: door, servername: host, ca, ALPNProtocols: alpn });
  await once(socket, "secureConnect");
  return socket;
}

export async function http2Through(door: number, place: { host: string; ca: string }): Promise<ClientHttp2Session> {
  const socket = await tlsThrough(door, place);
  const session = connect(`https://${place.host}`, { createConnection: () => socket });
  session.on("error", () => {});
  return session;
}

/** The whole answer of one stream; rejects when it is reset. */
export async function answerOf(stream: ClientHttp2Stream): Promise<Http2Answer> {
  let trailers = {};
  stream.on("trailers", (headers) => {
    trailers = headers;
  });
  const given = once(stream, "close").then(() => Promise.reject(new Error(`reset with code ${stream.rstCode}`)));
  given.catch(() => {});
  const [headers] = await Promise.race([once(stream, "response"), given]);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  // Node lets a stream that was cancelled end like a whole one.
  if (stream.rstCode !== 0) throw new Error(`reset with code ${stream.rstCode}`);
  const body = Buffer.concat(chunks).toString("utf8");
  return { status: headers[":status"], headers, body, trailers, json: parse(body) };
}

export async function ask2(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: string,
): Promise<Http2Answer> {
  const stream = session.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  return answerOf(stream);
}

const parse = (body: string): Record<string, unknown> => {
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
};

export interface Http2Upstream {
  port: number;
  caPem: string;
  server: Http2Server;
  sessions: Set<ServerHttp2Session>;
  close(): Promise<void>;
}

/** A real server of HTTP/2 over TLS on loopback (`h2` only, or beside HTTP/1.1 as `handler` reads both). */
export async function createHttp2Upstream(
  host: string,
  prepare: (server: Http2Server) => void,
): Promise<Http2Upstream> {
  const ca = await createSandboxCa({ name: "upstream" });
  const context = await createLeaves({ ca, now: Date.now }).contextFor(host);
  // What the tests send, this server may hold: only the gateway has bounds here.
  const server = createServer({ maxSessionMemory: 1000 });
  const sessions = new Set<ServerHttp2Session>();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => {});
    session.once("close", () => sessions.delete(session));
  });
  prepare(server);
  const tls = createTlsServer(
    { SNICallback: (_name, done) => done(null, context), ALPNProtocols: ["h2"] },
    (socket) => {
      socket.on("error", () => {});
      server.emit("connection", socket);
    },
  );
  tls.listen(0, "127.0.0.1");
  await once(tls, "listening");
  return {
    port: portOf(tls),
    caPem: ca.certificatePem,
    server,
    sessions,
    async close() {
      for (const session of sessions) session.destroy();
      tls.close();
    },
  };
}

/** TLS for `host` that agrees on HTTP/2, before a server that speaks it in the clear. */
export async function tlsBefore(host: string, port: number): Promise<{ port: number; caPem: string; close(): void }> {
  const ca = await createSandboxCa({ name: "upstream" });
  const context = await createLeaves({ ca, now: Date.now }).contextFor(host);
  const tls = createTlsServer(
    { SNICallback: (_name, done) => done(null, context), ALPNProtocols: ["h2"] },
    (socket) => {
      const inner = netConnect(port, "127.0.0.1");
      for (const [one, other] of [
        [socket, inner],
        [inner, socket],
      ] as const) {
        one.on("error", () => other.destroy());
        one.once("close", () => other.destroy());
        one.pipe(other);
      }
    },
  );
  tls.listen(0, "127.0.0.1");
  await once(tls, "listening");
  return { port: portOf(tls), caPem: ca.certificatePem, close: () => void tls.close() };
}
