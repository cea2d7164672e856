import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { Random } from "../../policy/fuzz/random.ts";
import { createRecordSink, type DecisionDraft, type DecisionSink, PROXY_HOST, PROXY_PORT } from "../src/index.ts";
import { createWorld, portOf, type World } from "../test/support/world.ts";
import { carelessPath, READINGS, readRequests, type SeenRequest } from "./lenient.ts";
import { HOST, streamOf } from "./streams.ts";

/**
 * Hostile connections through a real gateway to a server that keeps every byte it was sent. Invariant: what any careless reading of
 * those bytes finds are the requests that the records allowed, each with its method, target and host, and nothing else.
 */
const POLICY = `version: 1
network_policies:
  api:
    endpoints:
      - host: ${HOST}
        port: 80
        protocol: rest
        rules:
          - allow: { method: GET, path: "/v1/**" }
          - allow: { method: POST, path: "/v1/**" }
    binaries:
      - path: /usr/bin/curl
`;
const METHODS = ["GET", "HEAD", "POST"];
/** Longer than any answer takes; what has none by then waits for a body that never comes. */
const SILENCE_MS = 120;
/** What was sent has arrived by then, on a loaded machine too. */
const ARRIVAL_MS = 400;
const QUIET_ROUNDS_MAX = 50;
const AT_ONCE = 8;

export interface HttpRun {
  world: World;
  /** Lines that allow, in the order in which they were written: each before its request goes out. */
  lines: DecisionDraft[];
  /** Exchanges that were allowed and are not over. */
  open: Set<number>;
  /** What was allowed and has not arrived yet. */
  awaited: Map<string, number>;
  doors: { direct: number; proxy: number };
  /** The bytes of each connection to the server. */
  received: string[];
  server: Server;
  close(): Promise<void>;
}

export async function startHttp(): Promise<HttpRun> {
  const received: string[] = [];
  const server = createServer((socket) => keep(socket, received));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const lines: DecisionDraft[] = [];
  const open = new Set<number>();
  const sink = createRecordSink({ onRecord: () => {} });
  const journal: DecisionSink = {
    ...sink,
    async append(draft) {
      lines.push(draft);
      const seq = await sink.append(draft);
      if (draft.decision === "allow") open.add(seq);
      return seq;
    },
    end(ref, totals) {
      open.delete(ref);
      sink.end(ref, totals);
    },
  };
  const world = await createWorld({
    yaml: POLICY,
    journal,
    resolve: { [`${HOST}:80`]: `127.0.0.1:${portOf(server)}` },
  });
  const doors = { direct: await world.door(HOST, 80), proxy: await world.door(PROXY_HOST, PROXY_PORT) };
  const close = async () => {
    await world.close();
    server.close();
  };
  return { world, doors, lines, open, awaited: new Map(), received, server, close };
}

function keep(socket: Socket, received: string[]): void {
  const place = received.push("") - 1;
  let answered = 0;
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    received[place] = (received[place] ?? "") + chunk.toString("latin1");
    const [reading] = READINGS;
    if (reading === undefined) return;
    const { requests } = readRequests(received[place] ?? "", reading);
    for (; answered < requests.length; answered += 1)
      socket.write(
        `HTTP/1.1 200 OK\r\nContent-Length: ${requests[answered]?.method === "HEAD" ? 0 : 2}\r\n\r\n${requests[answered]?.method === "HEAD" ? "" : "ok"}`,
      );
  });
}

/** Writes one stream; resolves when the connection is over or silent. */
function play(port: number, pieces: readonly Buffer[]): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.setNoDelay(true);
    socket.setTimeout(SILENCE_MS, () => socket.destroy());
    socket.on("error", () => {});
    socket.on("close", () => resolve());
    socket.resume();
    let at = 0;
    const next = () => {
      const piece = pieces[at];
      at += 1;
      if (piece === undefined || socket.destroyed) return;
      socket.write(piece, () => setImmediate(next));
    };
    socket.once("connect", next);
  });
}

const keyOf = (method: string, target: string, host: string): string => `${method} ${host} ${target}`;

/** What is wrong with these bytes against these records; empty when all is well. */
export function judgeBytes(received: readonly string[], allowed: ReadonlyMap<string, number>): string[] {
  const faults: string[] = [];
  const seen = new Map<string, number>();
  for (const bytes of received) {
    const readings = READINGS.map((reading) => readRequests(bytes, reading).requests);
    const [first = []] = readings;
    const words = (requests: readonly SeenRequest[]) => JSON.stringify(requests);
    if (readings.some((requests) => words(requests) !== words(first)))
      faults.push(`two readings: ${JSON.stringify(bytes.slice(0, 2000))}`);
    for (const request of first) {
      const key = keyOf(request.method, request.target, request.hosts.join("+"));
      seen.set(key, (seen.get(key) ?? 0) + 1);
      if (!METHODS.includes(request.method) || !/^\/v1(\/|$)/.test(carelessPath(request.target)))
        faults.push(`nobody allows ${key}`);
      if (
        request.headers.some(
          ([name]) =>
            /^(connection|te|upgrade|expect|trailer|keep-alive|proxy-.*)$/.test(name) && name !== "connection",
        )
      )
        faults.push(`a header of one hop: ${JSON.stringify(request.headers)}`);
    }
  }
  for (const [key, count] of seen)
    if (count > (allowed.get(key) ?? 0))
      faults.push(`sent ${count} times, allowed ${allowed.get(key) ?? 0} times: ${key}`);
  return faults;
}

/**
 * Waits until no further line is written: refusals have a rate, and a batch that outran it would only meet the bound against floods.
 * Gives the number of exchanges that are still open then.
 */
async function quiet({ lines, open }: HttpRun): Promise<number> {
  let seen = -1;
  for (let round = 0; round < QUIET_ROUNDS_MAX && (seen !== lines.length || open.size > 0); round += 1) {
    seen = lines.length;
    await new Promise((resolve) => setTimeout(resolve, ARRIVAL_MS));
  }
  return open.size;
}

/** Plays `connections` streams from `seed` on; gives what broke. Every allowed request must also have arrived, unless its client left. */
export async function playHttp(
  run: HttpRun,
  options: { seed: number; connections: number },
): Promise<{ faults: string[]; requests: number }> {
  const { world, doors, received, lines } = run;
  lines.length = 0;
  const before = received.length;
  let index = 0;
  const worker = async () => {
    while (index < options.connections) {
      const seed = options.seed + index;
      index += 1;
      const { pieces, proxied } = streamOf(new Random(seed), `s${seed}`);
      await play(proxied ? doors.proxy : doors.direct, pieces);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  // A request that its client left may still be on its way to the server; the reload drops connections that wait for another.
  world.set(POLICY);
  const stuck = await quiet(run);
  // What was allowed at the end of the last batch may have arrived in this one.
  const allowed = new Map(run.awaited);
  let requests = 0;
  for (const { decision, method, path, host } of lines) {
    if (decision !== "allow" || method === null || path === null) continue;
    const key = keyOf(method, path, host);
    allowed.set(key, (allowed.get(key) ?? 0) + 1);
    requests += 1;
  }
  const faults = judgeBytes(received.slice(before), allowed);
  if (stuck > 0) faults.push(`${stuck} exchanges do not end though their clients left`);
  if (requests === 0) faults.push("nothing came through");
  received.length = before;
  run.awaited.clear();
  for (const { decision, method, path, host } of lines)
    if (decision === "allow" && method !== null && path !== null) {
      const key = keyOf(method, path, host);
      run.awaited.set(key, (run.awaited.get(key) ?? 0) + 1);
    }
  return { faults, requests };
}
