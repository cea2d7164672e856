import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { Agent, createServer as createHttpsServer, request } from "node:https";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { createLeaves } from "../../packages/gateway/src/ca/leaves.ts";
import { createSandboxCa } from "../../packages/gateway/src/index.ts";
import { API_HOST } from "./hosts.ts";
import { portOf } from "./upstream.ts";

export interface PeerInput {
  upstreamCa: string;
  folder: string;
}
export interface PeerAnswer {
  port: number;
  caPem: string;
}

/** Our names stand for this machine; a peer is not charged for finding that out. */
function nameLoopback(): void {
  const dns: { lookup: unknown } = createRequire(import.meta.url)("node:dns");
  dns.lookup = (_host: string, options: unknown, callback: unknown) => {
    const done = typeof options === "function" ? options : callback;
    const all = typeof options === "object" && options !== null && "all" in options && options.all === true;
    if (typeof done !== "function") return;
    process.nextTick(() => (all ? done(null, [{ address: "127.0.0.1", family: 4 }]) : done(null, "127.0.0.1", 4)));
  };
}

/** One rule for method, host and path; requests are not kept. Everything else is refused. */
export async function mockttp({ upstreamCa }: PeerInput): Promise<PeerAnswer> {
  nameLoopback();
  const { generateCACertificate, getLocal } = await import("mockttp");
  const https = await generateCACertificate();
  const server = getLocal({ https, recordTraffic: false, http2: "fallback" });
  await server.start();
  await server
    .forGet(/^https:\/\/(api|cold-\d+)\.creel\.example(:\d+)?\/api\/v1\/items\//)
    .thenPassThrough({ additionalTrustedCAs: [{ cert: upstreamCa }] });
  await server.forUnmatchedRequest().thenReply(403, "denied");
  return { port: server.port, caPem: https.cert };
}

/** A handler that compares method, host and path; connections to the server are kept, which is not its default. */
export async function httpMitmProxy({ upstreamCa, folder }: PeerInput): Promise<PeerAnswer> {
  nameLoopback();
  const { readFileSync } = await import("node:fs");
  const { Proxy: MitmProxy } = await import("http-mitm-proxy");
  const proxy = new MitmProxy();
  proxy.onError(() => {});
  proxy.onRequest((context, next) => {
    const { method, headers, url } = context.clientToProxyRequest;
    const host = headers.host?.split(":")[0] ?? "";
    const allowed =
      /^(api|cold-\d+)\.creel\.example$/.test(host) && method === "GET" && url?.startsWith("/api/v1/items/");
    if (allowed) return next();
    context.proxyToClientResponse.writeHead(403);
    context.proxyToClientResponse.end("denied");
  });
  const httpsAgent = new Agent({ keepAlive: true, ca: [upstreamCa] });
  await new Promise<void>((resolve, reject) =>
    proxy.listen(
      { host: "127.0.0.1", port: 0, sslCaDir: folder, keepAlive: true, httpsAgent },
      (error?: Error | null) => (error ? reject(error) : resolve()),
    ),
  );
  return { port: proxy.httpPort, caPem: readFileSync(`${folder}/certs/ca.pem`, "utf8") };
}

/** Node's own server and client back to back: what TLS on both sides and parsing cost alone, with nothing judged. */
export async function floor({ upstreamCa }: PeerInput): Promise<PeerAnswer> {
  nameLoopback();
  const ca = await createSandboxCa({ name: "floor" });
  const leaves = createLeaves({ ca, now: Date.now });
  const agent = new Agent({ keepAlive: true, ca: [upstreamCa] });
  const inner = createHttpsServer(
    { SNICallback: (name, done) => void leaves.contextFor(name).then((context) => done(null, context)) },
    (incoming, response) => {
      const [host, port] = (incoming.headers.host ?? API_HOST).split(":");
      const { method, url: path, rawHeaders } = incoming;
      const sent = request({ agent, host, port, method, path, setHost: false, headers: rawHeaders });
      sent.once("response", (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(response);
      });
      sent.once("error", () => response.destroy());
      incoming.pipe(sent);
    },
  );
  const front = createHttpServer();
  front.on("connect", (_request, socket) => {
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    inner.emit("connection", socket);
  });
  front.listen(0, "127.0.0.1");
  await once(front, "listening");
  return { port: portOf(front), caPem: ca.certificatePem };
}

/** Two sockets of Node's, piped into each other. */
export async function pipe({ port }: { port: number }): Promise<{ port: number }> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const other = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    for (const [from, to] of [
      [socket, other],
      [other, socket],
    ] as const) {
      from.on("error", () => to.destroy());
      from.pipe(to);
      from.once("close", () => to.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: portOf(server) };
}
