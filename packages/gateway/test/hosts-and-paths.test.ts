import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { carelessPath, READINGS, readRequests } from "../fuzz/lenient.ts";
import { speak } from "./support/client.ts";
import { createWorld, portOf, type World } from "./support/world.ts";

/** What a target or a host could be taken for: nothing outside the allowed path, and no other host, reaches a server that keeps bytes. */
const HOST = "plain.example.com";
const POLICY = `version: 1
network_policies:
  api:
    endpoints:
      - { host: ${HOST}, port: 80, protocol: rest, rules: [{ allow: { method: GET, path: "/v1/**" } }, { allow: { method: POST, path: "/v1/**" } }] }
      - { host: rebind.example.com, port: 80, protocol: rest, access: full }
    binaries:
      - path: /usr/bin/curl
`;

let world: World;
let server: Server;
let received: string;
let looked: string[];
/** What the resolver answers, one after another; the last again and again. */
let answers: string[][];
beforeAll(async () => {
  server = createServer((socket: Socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      received += chunk.toString("latin1");
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  world = await createWorld({
    yaml: POLICY,
    resolve: { [`${HOST}:80`]: `127.0.0.1:${portOf(server)}` },
    lookup: async (host) => {
      looked.push(host);
      return (answers.length > 1 ? answers.shift() : answers[0]) ?? [];
    },
  });
});
afterAll(async () => {
  await world.close();
  server.close();
});
beforeEach(() => {
  received = "";
  looked = [];
  answers = [[]];
  world.records.length = 0;
});

const send = async (text: string, host = HOST) =>
  (await speak({ door: await world.door(host, 80) }, Buffer.from(text, "latin1"), { timeoutMs: 250 })).text;

/** Every reading of what arrived. */
const arrived = () =>
  READINGS.map((reading) =>
    readRequests(received, reading).requests.map(({ method, target }) => `${method} ${target}`),
  );

describe("a target", () => {
  const OUTSIDE = [
    ...[
      "/v1/../admin",
      "/v1/%2e%2e/admin",
      "/v1/%2E%2e%2fadmin",
      "/v1/..%2fadmin",
      "/v1/..%5cadmin",
      "/v1/..\\admin",
      "/v1\\..\\admin",
      "/v1/..;/admin",
    ],
    ...[
      "/v1/..;a=b/admin",
      "/v1/;/../admin",
      "/v1/%252e%252e/admin",
      "/v1/%c0%ae%c0%ae/admin",
      "/v1/.%2e/admin",
      "/v1/x/../../admin",
      "//admin",
      "/./admin",
    ],
    ...[
      "/V1/a",
      "/%56%31/a",
      "/v1#/../../admin",
      "/v1/a#b",
      "/v1/%00/a",
      "/v1/%0d%0aX:y",
      "/v1/a%",
      "/v1/a%zz",
      "*",
      "v1/a",
      "/v1/\xe9",
      "/v1/a\tb",
      "/v1/a\x7f",
    ],
    ...["/v1/%u002e%u002e/admin", "/../v1/a/../../admin", "http:/v1/a", "///", "/v1/..", "/v1/%2e%2e", "/v1/.."],
  ];
  it.each(OUTSIDE)("%j does not leave the path that is allowed", async (target) => {
    await send(`GET ${target} HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
    for (const requests of arrived())
      for (const request of requests) expect(carelessPath(request.split(" ")[1] ?? "")).toMatch(/^\/v1(\/|$)/);
    expect(world.records.length).toBeGreaterThan(0);
  });

  it.each([
    ["//v1//a", "/v1/a"],
    ["/v1/./a", "/v1/a"],
    ["/x/../v1/a", "/v1/a"],
    ["/%76%31/a", "/v1/a"],
    ["/v1/%7euser", "/v1/~user"],
    ["/v1/a%2cb?x=/../..", "/v1/a%2Cb?x=/../.."],
  ])("%j is forwarded as the %j that was judged", async (target, forwarded) => {
    await send(`GET ${target} HTTP/1.1\r\nHost: ${HOST}\r\nConnection: close\r\n\r\n`);
    for (const requests of arrived()) expect(requests).toEqual([`GET ${forwarded}`]);
    expect(world.records).toMatchObject([{ decision: "allow", path: forwarded }]);
  });
});

describe("a Host header", () => {
  it.each([
    ...[
      "evil.example.com",
      `${HOST}@evil.example.com`,
      `x@${HOST}`,
      `${HOST}:81`,
      `${HOST}:80:80`,
      `${HOST}, evil`,
      `${HOST} evil`,
      `${HOST}/x`,
      `${HOST}?`,
    ],
    ...[
      `${HOST}#`,
      `${HOST}\\evil`,
      `${HOST}%2eevil`,
      `[${HOST}]`,
      `${HOST}..`,
      "",
      "127.0.0.1",
      "[::1]",
      "0x7f.1",
      `\x00${HOST}`,
      `${HOST}\x0b`,
      "pl\xe4in.example.com",
    ],
  ])("%j is refused", async (host) => {
    expect(await send(`GET /v1/a HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).not.toContain(" 200 ");
    expect(received).toBe("");
    expect(world.records.length).toBeGreaterThan(0);
  });

  it.each([HOST, HOST.toUpperCase(), `${HOST}.`, `${HOST}:80`])("%j is forwarded in its one spelling", async (host) => {
    await send(`GET /v1/a HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect(received).toContain(`\r\nHost: ${HOST}\r\n`);
  });
});

describe("a body's framing", () => {
  const hidden = `GET /v1/hidden HTTP/1.1\r\nHost: ${HOST}\r\n\r\n`;
  const head = `POST /v1/a HTTP/1.1\r\nHost: ${HOST}\r\n`;
  it.each([
    ["a chunk extension with a line in it", `${head}Transfer-Encoding: chunked\r\n\r\n5;a="\r\nhello\r\n0\r\n\r\n`],
    ["a chunk size ended by a bare LF", `${head}Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n${hidden}`],
    ["a chunk longer than it says", `${head}Transfer-Encoding: chunked\r\n\r\n1\r\nhello\r\n0\r\n\r\n`],
    ["a chunk size that overflows", `${head}Transfer-Encoding: chunked\r\n\r\n10000000000000005\r\nhello\r\n0\r\n\r\n`],
    [
      "a tab in Transfer-Encoding",
      `${head}Transfer-Encoding:\tchunked\x0b\r\nContent-Length: 0\r\n\r\n0\r\n\r\n${hidden}`,
    ],
    ["Content-Length in hexadecimal", `${head}Content-Length: 0x5\r\n\r\nhello`],
    ["Content-Length as a list", `${head}Content-Length: 5, 5\r\n\r\nhello`],
    ["headers ended by bare LF", `POST /v1/a HTTP/1.1\nHost: ${HOST}\nContent-Length: 0\n\n${hidden}`],
    ["a bare CR in a header", `${head}X: a\rContent-Length: 100\r\n\r\n${hidden}`],
    ["a NUL in a header", `${head}X: a\0b\r\n\r\n`],
    ["an underscore for a dash", `${head}Content_Length: ${hidden.length}\r\n\r\n${hidden}`],
  ])("%s leaves one reading or none", async (_name, text) => {
    await send(text);
    const [first] = arrived();
    for (const requests of arrived()) expect(requests).toEqual(first);
    const allowed = world.records
      .filter(({ decision }) => decision === "allow")
      .map(({ method, path }) => `${method} ${path}`);
    // A body that breaks off later leaves a request that was allowed and never became whole.
    for (const request of first ?? []) expect(allowed.splice(allowed.indexOf(request), 1)).toEqual([request]);
  });
});

describe("a name whose owner changes what it leads to", () => {
  const get = "GET / HTTP/1.1\r\nHost: rebind.example.com\r\nConnection: close\r\n\r\n";
  it.each([
    ...[
      "127.0.0.1",
      "0.0.0.0",
      "169.254.169.254",
      "10.0.0.1",
      "192.168.1.1",
      "172.16.0.1",
      "100.100.100.200",
      "::",
      "::1",
      "fe80::1",
      "fe80::1%lo",
      "fd00:ec2::254",
    ],
    ...[
      "::ffff:10.0.0.1",
      "::127.0.0.1",
      "64:ff9b::7f00:1",
      "64:ff9b:1::a00:1",
      "2002:7f00:1::",
      "2001:0:a00:1::1",
      "240.0.0.1",
      "255.255.255.255",
      "198.18.0.1",
      "not an address",
    ],
  ])("to %s reaches nobody", async (address) => {
    // The resolver's answers are kept for seconds: each case is a look-up of its own only in a world of its own.
    const own = await createWorld({ yaml: POLICY, lookup: async () => [address] });
    const { text } = await speak({ door: await own.door("rebind.example.com", 80) }, get, { timeoutMs: 1000 });
    expect(text).not.toContain(" 200 ");
    expect(text).toMatch(/^HTTP\/1.1 (403|502) /);
    expect(own.records.every(({ decision }) => decision === "deny")).toBe(true);
    await own.close();
  });

  it("is looked up once for a request, and never again by the dialler", async () => {
    answers = [["10.9.9.9"], ["127.0.0.1"]];
    await send(get, "rebind.example.com");
    await send(get, "rebind.example.com");
    expect(looked).toEqual(["rebind.example.com"]);
    expect(received).toBe("");
  });
});
