import { once } from "node:events";
import { Agent, request as httpRequest } from "node:http";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { closed, speak } from "./support/client.ts";
import { createWorld, portOf, type World } from "./support/world.ts";

/** Servers that try to have an answer of theirs taken for another's, or for more or less than it is. */
const HOST = "plain.example.com";
const POLICY = `version: 1
network_policies:
  api:
    endpoints:
      - { host: ${HOST}, port: 80, protocol: rest, access: full }
    binaries:
      - path: /usr/bin/curl
`;
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const POISON = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison";

let world: World;
let server: Server;
let agent: Agent;
let connections: Socket[];
afterEach(async () => {
  agent.destroy();
  await world.close();
  for (const socket of connections) socket.destroy();
  server.close();
});

/** `serve` gets each head of a connection, with how many came before it there. */
async function openWith(serve: (socket: Socket, head: string, before: number) => void): Promise<number> {
  connections = [];
  agent = new Agent({ keepAlive: true, maxSockets: 1 });
  server = createServer((socket) => {
    connections.push(socket);
    socket.on("error", () => {});
    let text = "";
    let before = 0;
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
        const head = text.slice(0, end);
        text = text.slice(end + 4);
        serve(socket, head, before++);
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  world = await createWorld({ yaml: POLICY, resolve: { [`${HOST}:80`]: `127.0.0.1:${portOf(server)}` } });
  return world.door(HOST, 80);
}

/** On the one kept connection of the client. `whole`: the answer ended where it said. */
async function get(door: number, path: string, method = "GET") {
  const req = httpRequest({ port: door, host: "127.0.0.1", method, path, agent, headers: { host: HOST } });
  req.on("error", () => {});
  req.end();
  const [res] = await once(req, "response");
  const chunks: Buffer[] = [];
  res.on("data", (chunk: Buffer) => chunks.push(chunk));
  res.on("error", () => {});
  await new Promise((resolve) => res.once("close", resolve));
  return { status: res.statusCode, body: Buffer.concat(chunks).toString(), whole: res.complete };
}

describe("ATTACK a kept connection to a server", () => {
  const TOO_MUCH: Record<string, { method: string; answer: string }> = {
    "a second answer in the same write": { method: "GET", answer: OK + POISON },
    "one byte behind the answer": { method: "GET", answer: `${OK}x` },
    "a body to HEAD": { method: "HEAD", answer: OK },
    "a second answer behind one to HEAD": { method: "HEAD", answer: `HTTP/1.1 200 OK\r\n\r\n${POISON}` },
    "a body with 204": { method: "GET", answer: "HTTP/1.1 204 x\r\nContent-Length: 2\r\n\r\nok" },
    "a chunked body with 304": {
      method: "GET",
      answer: "HTTP/1.1 304 x\r\nTransfer-Encoding: chunked\r\n\r\n6\r\npoison\r\n0\r\n\r\n",
    },
    "bytes behind the last chunk": {
      method: "GET",
      answer: `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n${POISON}`,
    },
  };
  it.each(Object.entries(TOO_MUCH))("is used no more after %s", async (_name, { method, answer }) => {
    const door = await openWith((socket, head) => socket.write(head.includes(" /first ") ? answer : OK, "latin1"));
    const first = await get(door, "/first", method);
    expect(first.body).toBe(method === "HEAD" || first.status !== 200 ? "" : "ok");
    expect((await get(door, "/second")).body).toBe("ok");
    expect(connections.length).toBe(2);
  });

  it("is used no more after an answer that nobody asked for, which comes while it is idle", async () => {
    const door = await openWith((socket) => socket.write(OK));
    expect((await get(door, "/first")).body).toBe("ok");
    const [kept] = connections;
    kept?.write(POISON);
    if (kept !== undefined) await closed(kept);
    expect((await get(door, "/second")).body).toBe("ok");
    expect(connections.length).toBe(2);
  });

  it("is kept after an answer that ended where it said", async () => {
    const door = await openWith((socket) => socket.write(OK));
    for (const path of ["/first", "/second", "/third"]) expect((await get(door, path)).body).toBe("ok");
    expect(connections.length).toBe(1);
  });

  it.each([
    ["an answer of HTTP/1.0", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"],
    ["one that says it closes", "HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 2\r\n\r\nok"],
    ["one that is kept for no time", "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=0\r\nContent-Length: 2\r\n\r\nok"],
  ])("is used no more after %s", async (_name, answer) => {
    const door = await openWith((socket) => socket.write(answer));
    expect((await get(door, "/first")).body).toBe("ok");
    expect((await get(door, "/second")).body).toBe("ok");
    expect(connections.length).toBe(2);
  });

  it("is not the next request's when its own is answered before all of it came", async () => {
    const door = await openWith((socket) => socket.write(OK));
    const head = `POST /early HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 100\r\n\r\n${"x".repeat(50)}`;
    const { text } = await speak({ door }, head, { timeoutMs: 700 });
    expect(text).toContain("\r\n\r\nok");
    expect((await get(door, "/second")).body).toBe("ok");
    expect(connections.length).toBe(2);
  });
});

describe("ATTACK an answer", () => {
  const head = (...lines: string[]) => `${["HTTP/1.1 200 OK", ...lines].join("\r\n")}\r\n\r\n`;
  const UNCLEAR: Record<string, string> = {
    "length and chunks": `${head("Content-Length: 2", "Transfer-Encoding: chunked")}2\r\nok\r\n0\r\n\r\n`,
    "two lengths": `${head("Content-Length: 2", "content-length: 6")}okokok`,
    "one length twice": `${head("Content-Length: 2", "Content-Length: 2")}ok`,
    "a list of lengths": `${head("Content-Length: 2, 2")}ok`,
    "a signed length": `${head("Content-Length: +2")}ok`,
    "a hexadecimal length": `${head("Content-Length: 0x2")}ok`,
    "a length with a blank in it": `${head("Content-Length: 2 0")}ok`,
    "a length of no digits": `${head("Content-Length:")}ok`,
    "a length that is no exact number": `${head("Content-Length: 9007199254740993")}ok`,
    "chunked twice": `${head("Transfer-Encoding: chunked, chunked")}2\r\nok\r\n0\r\n\r\n`,
    "chunked in two headers": `${head("Transfer-Encoding: chunked", "Transfer-Encoding: chunked")}2\r\nok\r\n0\r\n\r\n`,
    "another encoding": `${head("Transfer-Encoding: identity")}ok`,
    "an encoding in HTTP/1.0": `HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    "a blank before the colon": `${head("Content-Length : 2")}ok`,
    "a folded header": `${head("X: a", " b", "Content-Length: 2")}ok`,
    "a bare LF in a header": `${head("X: a\nContent-Length: 2")}ok`,
    "a bare CR in a header": `${head("X: a\rContent-Length: 2")}ok`,
    "a NUL in a header": `${head("X: a\0", "Content-Length: 2")}ok`,
    "no status": "HTTP/1.1 \r\nContent-Length: 2\r\n\r\nok",
    "four digits of status": "HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok",
    "another version": "HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "two blanks before the status": "HTTP/1.1  200 OK\r\nContent-Length: 2\r\n\r\nok",
    "more answers before it than anybody sends": `${"HTTP/1.1 103 x\r\n\r\n".repeat(17)}${OK}`,
    "a body behind an answer before it": `HTTP/1.1 103 x\r\nContent-Length: 2\r\n\r\nok${OK}`,
    "a head without an end": `HTTP/1.1 200 OK\r\nX: ${"a".repeat(64 * 1024)}`,
  };
  it.each(Object.entries(UNCLEAR))("with %s is none", async (_name, answer) => {
    const door = await openWith((socket) => socket.write(answer, "latin1"));
    expect(await get(door, "/")).toMatchObject({ status: 502, body: expect.stringContaining("upstream_failed") });
  });

  it("with as many before it as are allowed, and the largest head, is one", async () => {
    const line = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: ";
    const largest = `${line}${"a".repeat(64 * 1024 - line.length)}\r\n\r\nok`;
    const door = await openWith((socket) => socket.write(`${"HTTP/1.1 103 x\r\n\r\n".repeat(16)}${largest}`));
    const { text } = await speak({ door }, `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
    expect(text.startsWith("HTTP/1.1 200 OK")).toBe(true);
    expect(text.endsWith("\r\n\r\nok")).toBe(true);
  });

  const chunks = (...lines: string[]) => `${head("Transfer-Encoding: chunked")}2\r\nok\r\n${lines.join("\r\n")}`;
  const BROKEN: Record<string, string> = {
    "a size of 17 digits": chunks("10000000000000002", "ok", "0", "", ""),
    "a size of nine digits": chunks("000000002", "ok", "0", "", ""),
    "a signed size": chunks("+2", "ok", "0", "", ""),
    "a size with 0x": chunks("0x2", "ok", "0", "", ""),
    "a size with a blank before it": chunks(" 2", "ok", "0", "", ""),
    "a size with a blank behind it": chunks("2 ", "ok", "0", "", ""),
    "no size": chunks("", "ok", "0", "", ""),
    "a chunk longer than its size": chunks("2", "okay", "0", "", ""),
    "a size that ends with a bare LF": chunks("2\nok", "0", "", ""),
    "a CR in an extension": chunks("2;a\rb", "ok", "0", "", ""),
    "an extension without an end": chunks(`2;${"a".repeat(300)}`, "ok", "0", "", ""),
    "a folded trailer": chunks("0", "X: a", " b", "", ""),
    "a trailer without a colon": chunks("0", "X", "", ""),
    "trailers without an end": chunks("0", `X: ${"a".repeat(9000)}`, "", ""),
  };
  it.each(Object.entries(BROKEN))("whose chunks have %s is never taken for whole", async (_name, answer) => {
    const door = await openWith((socket) => socket.write(answer, "latin1"));
    expect(await get(door, "/")).toMatchObject({ status: 200, whole: false });
    const [kept] = connections;
    if (kept !== undefined) await closed(kept);
  });

  it.each([
    ["a length", head("Content-Length: 10")],
    ["chunks", `${head("Transfer-Encoding: chunked")}5\r\n`],
    ["a last chunk whose end is missing", `${head("Transfer-Encoding: chunked")}2\r\nok\r\n0\r\n`],
  ])("with %s that ends early is never taken for whole", async (_name, answer) => {
    const door = await openWith((socket) => socket.end(`${answer}ok`));
    expect(await get(door, "/")).toMatchObject({ whole: false });
  });

  it("passes no header of its own hop on, and frames its body anew", async () => {
    const hop = [
      "Connection: x-hop",
      "X-Hop: 1",
      "Keep-Alive: timeout=9",
      "Trailer: X",
      "Alt-Svc: h3=:1",
      "Upgrade: y",
    ];
    const answer = `${head(...hop, "Transfer-Encoding: chunked")}2;ext=1\r\nok\r\n0\r\nX-Trailer: 1\r\n\r\n`;
    const door = await openWith((socket) => socket.write(answer));
    const { text } = await speak({ door }, `GET / HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
    expect(text).toBe("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n2\r\nok\r\n0\r\n\r\n");
  });
});
