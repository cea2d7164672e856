import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { speak } from "./support/client.ts";
import { createWorld, portOf, type World } from "./support/world.ts";

/** Clients that try to have a body end elsewhere than their request says, or to be served more than is judged. */
const HOST = "plain.example.com";
const POLICY = `version: 1
network_policies:
  api:
    endpoints:
      - host: ${HOST}
        port: 80
        protocol: rest
        rules:
          - allow: { method: "*", path: "/ok/**" }
    binaries:
      - path: /usr/bin/curl
`;

let world: World;
let server: Server;
let door: number;
let connections: Socket[];
/** Everything that each connection brought the server. */
let brought: string[];
/** The answer to a request that is there whole; null: none comes. */
let answer: string | null;
beforeEach(async () => {
  connections = [];
  brought = [];
  answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  server = createServer((socket) => {
    const index = connections.push(socket) - 1;
    brought[index] = "";
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      brought[index] += chunk.toString("latin1");
      const said = brought[index] ?? "";
      const whole = said.includes("chunked") ? said.endsWith("0\r\n\r\n") : said.includes("\r\n\r\n");
      if (whole && answer !== null) socket.write(answer);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  world = await createWorld({ yaml: POLICY, resolve: { [`${HOST}:80`]: `127.0.0.1:${portOf(server)}` } });
  door = await world.door(HOST, 80);
});
afterEach(async () => {
  await world.close();
  for (const socket of connections) socket.destroy();
  server.close();
});

const head = (first: string, ...lines: string[]) => `${[first, `Host: ${HOST}`, ...lines].join("\r\n")}\r\n\r\n`;
const SMUGGLED = head("GET /ok/smuggled HTTP/1.1");
const say = (text: string) => speak({ door }, Buffer.from(text, "latin1"), { timeoutMs: 500 });

describe("ATTACK a chunked body", () => {
  const post = head("POST /ok/a HTTP/1.1", "Transfer-Encoding: chunked");
  const BROKEN: Record<string, string> = {
    "with a size of 17 digits": `10000000000000000\r\n${SMUGGLED}`,
    "with a size of nine digits": `000000000\r\n\r\n${SMUGGLED}`,
    "with a negative size": `-1\r\n${SMUGGLED}`,
    "with a size in 0x": `0x0\r\n\r\n${SMUGGLED}`,
    "with a blank behind the size": `0 \r\n\r\n${SMUGGLED}`,
    "with a blank before the size": ` 0\r\n\r\n${SMUGGLED}`,
    "with no size": `\r\n\r\n${SMUGGLED}`,
    "with a size that ends with LF": `0\n\r\n${SMUGGLED}`,
    "whose end is a bare LF": `0\r\n\n${SMUGGLED}`,
    "with a bare LF behind a chunk": `1\r\na\n0\r\n\r\n${SMUGGLED}`,
    "with a CR alone behind a chunk": `1\r\na\r0\r\n\r\n${SMUGGLED}`,
    "with a LF in an extension": `1;a\nb\r\na\r\n0\r\n\r\n${SMUGGLED}`,
    "with a CR in an extension": `1;a\rb\r\na\r\n0\r\n\r\n${SMUGGLED}`,
    "with a NUL in an extension": `1;a\0b\r\na\r\n0\r\n\r\n${SMUGGLED}`,
    "with an endless extension": `1;${"a".repeat(300)}\r\na\r\n0\r\n\r\n${SMUGGLED}`,
    "with a request for trailers": `0\r\n${SMUGGLED}`.replace("GET /ok", "GET\x01/ok"),
    "with endless trailers": `0\r\n${"X: a\r\n".repeat(2000)}\r\n${SMUGGLED}`,
  };
  it.each(Object.entries(BROKEN))("%s never becomes whole, and what follows is no request", async (_name, body) => {
    const { text } = await say(post + body);
    expect(text).not.toContain("200 OK");
    expect(brought.join("")).not.toContain("smuggled");
    expect(brought.join("")).not.toMatch(/0\r\n\r\n$/);
    expect(world.records.some(({ path }) => path?.includes("smuggled"))).toBe(false);
  });

  it("goes on as chunks of our own, without its extensions and trailers", async () => {
    const { text } = await say(
      `${post}1;a="b"\r\na\r\n0000002 ;c\r\nbc\r\n0;d\r\nHost: evil\r\nContent-Length: 9\r\n\r\n`,
    );
    expect(text).toContain("200 OK");
    expect(brought).toHaveLength(1);
    const [said = ""] = brought;
    expect(said).not.toMatch(/evil|Content-Length|;/);
    const sent = said.slice(said.indexOf("\r\n\r\n") + 4);
    expect(sent.replaceAll(/[0-9a-f]+\r\n([^\r]*)\r\n/g, "$1")).toBe("abc");
  });
});

describe("ATTACK the bytes behind a request", () => {
  it.each([
    ["that says it is the last", head("GET /ok/a HTTP/1.1", "Connection: close")],
    ["of HTTP/1.0", head("GET /ok/a HTTP/1.0", "Connection: keep-alive")],
    ["whose end is unclear", head("POST /ok/a HTTP/1.1", "Content-Length: 0", "Content-Length: 0")],
    ["that leaves HTTP", head("GET /ok/a HTTP/1.1", "Connection: upgrade", "Upgrade: x")],
    ["that is a CONNECT", `CONNECT ${HOST}:80 HTTP/1.1\r\nHost: ${HOST}:80\r\n\r\n`],
    ["of HTTP/0.9", "GET /ok/a\r\n"],
  ])("%s are never a request", async (_name, first) => {
    await say(first + SMUGGLED);
    expect(brought.join("")).not.toContain("smuggled");
    expect(world.records.some(({ path }) => path?.includes("smuggled"))).toBe(false);
  });

  it("behind a body are the next request, judged for itself", async () => {
    const { text } = await say(
      `${head("POST /ok/a HTTP/1.1", "Content-Length: 5")}hello${head("GET /no HTTP/1.1")}${head("GET /ok/b HTTP/1.1")}`,
    );
    expect(text.match(/HTTP\/1.1 (\d+)/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 403", "HTTP/1.1 200"]);
  });

  it("behind the body of a refused request are the next one", async () => {
    const { text } = await say(`${head("POST /no HTTP/1.1", "Content-Length: 5")}hello${head("GET /ok/b HTTP/1.1")}`);
    expect(text.match(/HTTP\/1.1 (\d+)/g)).toEqual(["HTTP/1.1 403", "HTTP/1.1 200"]);
    expect(brought.join("")).not.toContain("hello");
  });
});

describe("an answer without a body of its own", () => {
  it("to HEAD says why it was refused by its head, and the connection goes on", async () => {
    const { text, reset } = await say(head("HEAD /no HTTP/1.1") + head("GET /ok/b HTTP/1.1", "Connection: close"));
    const [refused = "", served = ""] = text.split(/(?<=\r\n\r\n)(?=HTTP)/);
    expect(refused).toMatch(/^HTTP\/1\.1 403 [\s\S]*\r\n\r\n$/);
    expect(refused).toContain("x-creel-decision: deny");
    expect(served).toContain("200 OK");
    expect(reset).toBe(false);
  });

  it("to HEAD goes out when the server is not there", async () => {
    server.close();
    for (const socket of connections) socket.destroy();
    const { text, reset } = await say(head("HEAD /ok/a HTTP/1.1", "Connection: close"));
    expect(text).toMatch(/^HTTP\/1\.1 502 [\s\S]*\r\n\r\n$/);
    expect(reset).toBe(false);
  });
});

describe("a request that nobody answers", () => {
  it("ends at its server when its client leaves", async () => {
    answer = null;
    const socket = connect(door, "127.0.0.1");
    socket.write(head("GET /ok/a HTTP/1.1"));
    await expect.poll(() => brought.join("")).toContain("/ok/a");
    const [kept] = connections;
    socket.destroy();
    if (kept !== undefined && !kept.closed) await once(kept, "close");
    expect(kept?.destroyed).toBe(true);
  });
});
