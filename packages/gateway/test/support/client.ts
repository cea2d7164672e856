import { once } from "node:events";
import { type Agent, request as httpsRequest } from "node:https";
import { connect as netConnect, type Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
  json: Record<string, unknown>;
}

export interface Ask {
  door: number;
  host: string;
  ca: string;
  port?: number;
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string;
  servername?: string;
  agent?: Agent;
}

/** One HTTPS request through a door. Rejects when the connection is cut. */
export async function ask(options: Ask): Promise<Answer> {
  const { host, port = 443 } = options;
  const req = httpsRequest({
    host: "127.0.0.1",
    port: options.door,
    servername: options.servername ?? host,
    ca: options.ca,
    method: options.method ?? "GET",
    path: options.path ?? "/",
    agent: options.agent ?? false,
    headers: { host: port === 443 ? host : `${host}:${port}`, ...options.headers },
  });
  req.end(options.body);
  // Behind the head a cut shows in the body as well.
  req.on("error", () => {});
  const [res] = await once(req, "response");
  const chunks: Buffer[] = [];
  for await (const chunk of res) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString("utf8");
  return { status: res.statusCode, headers: res.headers, body, json: parse(body) };
}

const parse = (body: string): Record<string, unknown> => {
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
};

const FIRST_BYTE_TIMEOUT_MS = 10_000;
const PATIENCE = 8;

/** Bytes as they are; resolves with everything that came back until the connection ended, and how it ended. */
export async function speak(
  target: { door: number; tls?: { host: string; ca: string } },
  bytes: string | Buffer,
  { endAfter = false, timeoutMs = FIRST_BYTE_TIMEOUT_MS } = {},
): Promise<{ text: string; reset: boolean }> {
  const socket: Socket =
    target.tls === undefined
      ? netConnect(target.door, "127.0.0.1")
      : tlsConnect({ host: "127.0.0.1", port: target.door, servername: target.tls.host, ca: target.tls.ca });
  const chunks: Buffer[] = [];
  let reset = false;
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("error", () => {
    reset = true;
  });
  await Promise.race([
    once(socket, target.tls === undefined ? "connect" : "secureConnect").catch(() => {}),
    closed(socket),
  ]);
  if (endAfter) socket.end(bytes);
  else socket.write(bytes);
  // A busy machine may be slow to say the first word; from then on the rest follows in a few times what that took, or nothing comes.
  const gone = () => socket.destroy();
  const began = performance.now();
  let quietMs = 0;
  let timer = setTimeout(gone, FIRST_BYTE_TIMEOUT_MS);
  const again = () => {
    quietMs ||= Math.max(timeoutMs, PATIENCE * (performance.now() - began));
    clearTimeout(timer);
    timer = setTimeout(gone, quietMs);
  };
  if (chunks.length > 0) again();
  socket.on("data", again);
  await closed(socket);
  clearTimeout(timer);
  return { text: Buffer.concat(chunks).toString("latin1"), reset };
}

/** Resolves when the socket is gone, however it went. */
export const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once("close", () => resolve());
  });
