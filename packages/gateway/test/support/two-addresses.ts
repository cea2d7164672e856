import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { closed } from "./client.ts";
import { createWorld } from "./world.ts";

/**
 * A name with two addresses that both lead to a server, in a network of its own where they do: says to which address each connection
 * came, and what a new policy does to it. One line each; the test reads them.
 */
const HOST = "files.example.com";
const [RAW_PORT, HTTP_PORT] = [7000, 8080];
const [FIRST, SECOND] = ["10.77.0.1", "10.77.0.2"];
const say = (line: string) => void process.stdout.write(`${line}\n`);

const policy = (...allowed: string[]) => {
  const ips = `allowed_ips: [${allowed.map((ip) => `${ip}/32`).join(", ")}]`;
  return `version: 1
network_policies:
  files:
    endpoints:
      - { host: ${HOST}, port: ${RAW_PORT}, protocol: tcp, ${ips} }
      - { host: ${HOST}, port: ${HTTP_PORT}, protocol: rest, access: full, ${ips} }
    binaries: [{ path: /usr/bin/curl }]
`;
};

const raw = createServer((socket) => {
  socket.on("error", () => {});
  socket.write(`at ${socket.localAddress}\n`);
  socket.pipe(socket);
});
const web = createHttpServer((req, res) => {
  res.write(`at ${req.socket.localAddress}\n`);
});
raw.listen(RAW_PORT, "0.0.0.0");
web.listen(HTTP_PORT, "0.0.0.0");
await Promise.all([once(raw, "listening"), once(web, "listening")]);

const world = await createWorld({ yaml: policy(FIRST, SECOND), lookup: async () => [FIRST, SECOND] });
const doors = { raw: await world.door(HOST, RAW_PORT), http: await world.door(HOST, HTTP_PORT) };

/** A connection that has heard where it came to. */
async function opened(kind: keyof typeof doors): Promise<Socket> {
  const socket = connect(doors[kind], "127.0.0.1");
  socket.on("error", () => {});
  if (kind === "http") socket.write(`GET / HTTP/1.1\r\nHost: ${HOST}:${HTTP_PORT}\r\n\r\n`);
  let text = "";
  for (;;) {
    text += String((await once(socket, "data"))[0]);
    const at = /at (\S+)\n/.exec(text)?.[1];
    if (at === undefined) continue;
    say(`${kind} at ${at}`);
    return socket;
  }
}

for (const kind of ["raw", "http"] as const) {
  world.set(policy(FIRST, SECOND));
  const leading = await opened(kind);
  const cut = closed(leading.resume());
  world.set(policy(SECOND));
  await cut;
  say(`${kind} cut`);
  const other = await opened(kind);
  const over = closed(other.resume()).then(() => "cut");
  world.set(policy(SECOND, FIRST));
  // The next connection is judged behind the reload: by then one that it cuts has been.
  const next = await opened(kind);
  say(`${kind} ${other.destroyed ? await over : "stays"}`);
  for (const socket of [other, next]) socket.destroy();
}
process.exit(0);
