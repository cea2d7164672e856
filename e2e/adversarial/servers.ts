/** Real servers of the host: those that may be reached, and those that nothing from inside may ever reach. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createConnection, createServer, type Server } from "node:net";
import { networkInterfaces } from "node:os";
import { gzipSync } from "node:zlib";
import { WebSocketServer } from "ws";
import { createUpstream, portOf, type Upstream } from "../../packages/gateway/test/support/world.ts";
import { createHearing, KNOCK } from "./hearing.ts";
import type { Hit } from "./model.ts";
import { HOSTS, RAW_PORT, SETTLING_HOST } from "./policy.ts";

const BODY_BYTES_MAX = 1024 * 1024;

export interface Servers {
  hits: Hit[];
  authorities: string[];
  /** For the gateway: which address and port stands behind a name. */
  resolve: Record<string, string>;
  /** Ports of servers on the host itself. */
  ports: { loopback: number; everywhere: number; udp: number };
  /** An address of this host that is not loopback, or null where it has none. */
  ownAddress: string | null;
  /** Knocks at every server of bytes and waits for that: connections and packets made before have been taken by then. */
  settle(): Promise<void>;
  /** Resolves when the connection that the contender's control makes has come with this text. */
  settledWith(text: string): Promise<void>;
  close(): Promise<void>;
}

export async function startServers(abstractName: string, socketPath: string): Promise<Servers> {
  const hits: Hit[] = [];
  const closers: (() => unknown)[] = [];
  const resolve: Record<string, string> = {};
  const authorities: string[] = [];
  const knocks: (() => Promise<void>)[] = [];
  const heard = createHearing();

  async function web(server: keyof typeof HOSTS, port: number, secure: boolean): Promise<void> {
    const upstream: Upstream = await createUpstream(
      HOSTS[server],
      (req, res) => void answer(server, hits, req, res).catch(() => res.destroy()),
      {
        secure,
      },
    );
    resolve[`${HOSTS[server]}:${port}`] = `127.0.0.1:${upstream.port}`;
    authorities.push(upstream.caPem);
    const sockets = new WebSocketServer({ noServer: true });
    upstream.server.on("upgrade", (req, socket, head) => {
      hits.push({ server, what: `${req.method} ${req.url}`, headers: req.headers, body: "" });
      sockets.handleUpgrade(req, socket, head, (peer) => {
        peer.on("error", () => {});
        peer.on("message", (data) => {
          hits.push({ server, what: `message ${data}`, headers: {}, body: "" });
          peer.send(`heard ${data}`);
        });
      });
    });
    closers.push(() => {
      for (const peer of sockets.clients) peer.terminate();
      return upstream.close();
    });
  }
  async function bytes(server: string, listen: (tcp: Server) => void): Promise<Server> {
    const tcp = createServer((socket) => {
      const hit = { server, what: "", headers: {}, body: "" };
      hits.push(hit);
      socket.on("error", () => {});
      socket.on("data", (chunk) => {
        hit.what = (hit.what + chunk.toString("latin1")).slice(0, BODY_BYTES_MAX);
        if (hit.what.startsWith(KNOCK) && hit.what.endsWith("\n") && heard.says(hit.what.trim()))
          hits.splice(hits.indexOf(hit), 1);
        socket.write("!");
      });
    });
    listen(tcp);
    await once(tcp, "listening");
    const at = tcp.address();
    knocks.push(() =>
      heard.after((text) => {
        const socket =
          typeof at === "string" ? createConnection(at) : createConnection({ host: "127.0.0.1", port: portOf(tcp) });
        socket.on("error", () => {});
        socket.on("data", () => socket.destroy());
        socket.write(`${text}\n`);
      }),
    );
    closers.push(() => tcp.close());
    return tcp;
  }

  for (const name of ["api", "other", "pinned", "scripted", "evil", "live", "aws"] as const) await web(name, 443, true);
  await web("plain", 80, false);
  await web("evil", 80, false);
  for (const name of ["raw", "evil"] as const) {
    const tcp = await bytes(name, (it) => it.listen(0, "127.0.0.1"));
    resolve[`${HOSTS[name]}:${RAW_PORT}`] = `127.0.0.1:${portOf(tcp)}`;
  }
  const loopback = portOf(await bytes("loopback", (it) => it.listen(0, "127.0.0.1")));
  const everywhere = portOf(await bytes("everywhere", (it) => it.listen(0, "0.0.0.0")));
  await bytes("abstract", (it) => it.listen(`\0${abstractName}`));
  await bytes("unix", (it) => it.listen({ path: socketPath, readableAll: true, writableAll: true }));
  const settling = await bytes("settling", (it) => it.listen(0, "127.0.0.1"));
  resolve[`${SETTLING_HOST}:${RAW_PORT}`] = `127.0.0.1:${portOf(settling)}`;
  const udp = createSocket("udp4", (message) => {
    const what = message.toString("latin1");
    if (!heard.says(what)) hits.push({ server: "udp", what, headers: {}, body: "" });
  });
  udp.bind(0, "0.0.0.0");
  await once(udp, "listening");
  knocks.push(() => heard.after((text) => udp.send(text, udp.address().port, "127.0.0.1")));
  closers.push(() => udp.close());

  return {
    hits,
    authorities,
    resolve,
    ports: { loopback, everywhere, udp: udp.address().port },
    ownAddress: ownAddress(),
    settle: async () => void (await Promise.all(knocks.map((knock) => knock()))),
    settledWith: heard.of,
    async close() {
      for (const close of closers) await close();
    },
  };
}

const ownAddress = (): string | null =>
  Object.values(networkInterfaces())
    .flat()
    .find((face) => face?.family === "IPv4" && !face.internal)?.address ?? null;

/** What the web servers answer: they give back what they were sent, in the ways a careless server does. */
async function answer(server: string, hits: Hit[], req: IncomingMessage, res: ServerResponse): Promise<void> {
  const hit = { server, what: `${req.method} ${req.url}`, headers: req.headers, body: "" };
  // Known from its first byte: a body that never ends has arrived too.
  hits.push(hit);
  const path = (req.url ?? "").split("?")[0] ?? "";
  if (path.endsWith("/unread")) return answerUnread(req, res);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req) {
    size += chunk.length;
    if (size <= BODY_BYTES_MAX) chunks.push(chunk);
  }
  const body = Buffer.concat(chunks).toString("latin1");
  hit.body = body;
  const echo = JSON.stringify({ from: server, url: req.url, headers: req.headers, body });
  const authorization = req.headers.authorization ?? "";
  if (path.endsWith("/redirect")) res.writeHead(302, { location: `https://${HOSTS.evil}/v1/landed` }).end();
  else if (path.endsWith("/redirect-other")) res.writeHead(307, { location: `https://${HOSTS.other}/v1/landed` }).end();
  else if (path.endsWith("/gzip")) res.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(echo));
  else if (path.endsWith("/header"))
    res.writeHead(200, { "x-echo": authorization, "set-cookie": `t=${authorization}` }).end("ok");
  else if (path.endsWith("/status")) res.writeHead(401, `no ${authorization}`.slice(0, 200)).end("no");
  else if (path.endsWith("/status-999")) res.writeHead(999, "Denied").end("odd");
  else if (path.endsWith("/trailer")) {
    res.writeHead(200, { trailer: "x-echo", "transfer-encoding": "chunked" });
    res.write("body");
    res.addTrailers({ "x-echo": authorization });
    res.end();
  } else if (path.endsWith("/bytes")) {
    for (const letter of echo) {
      res.write(letter);
      await new Promise((done) => setImmediate(done));
    }
    res.end();
  } else res.end(echo);
}

/** Long enough for the client to take its request back meanwhile. */
const UNREAD_MS = 1_000;

/** Answers, after a while, without having read a byte of the body. */
async function answerUnread(req: IncomingMessage, res: ServerResponse): Promise<void> {
  await new Promise((done) => setTimeout(done, UNREAD_MS));
  res.end(`${req.method} unread`);
}
