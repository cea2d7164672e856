import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { ProxyAgent, request } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PROXY_HOST, PROXY_PORT } from "../src/index.ts";
import { closed, speak } from "./support/client.ts";
import { createUpstream, createWorld, portOf, type Upstream, type World } from "./support/world.ts";

/** Clients that insist on a proxy: what they reach through it is what they reach without one, and nothing else. */
const HOST = "api.example.com";
const PLAIN = "plain.example.com";
const RAW = "db.example.com";
const POLICY = `version: 1
network_policies:
  api:
    name: api
    endpoints:
      - { host: ${HOST}, port: 443, protocol: rest, rules: [{ allow: { method: GET, path: "/v1/**" } }] }
      - { host: ${PLAIN}, port: 80, protocol: rest, rules: [{ allow: { method: GET, path: "/v1/**" } }] }
      - { host: ${RAW}, port: 5432, protocol: tcp }
    binaries:
      - path: /usr/bin/curl
`;

let world: World;
let secure: Upstream;
let plain: Upstream;
let banner: Server;
let hits: string[];
let proxy: number;
/** Headers of the last request that reached an upstream. */
let seen: string[];

beforeEach(async () => {
  hits = [];
  seen = [];
  const handler: Parameters<typeof createUpstream>[1] = (req, res) => {
    hits.push(`${req.method} ${req.headers.host} ${req.url}`);
    seen = req.rawHeaders;
    req.resume();
    res.end(`hello ${req.url}`);
  };
  secure = await createUpstream(HOST, handler);
  plain = await createUpstream(PLAIN, handler, { secure: false });
  banner = createServer((socket) => {
    socket.on("error", () => {});
    socket.write("220 ready\n");
    socket.on("data", (chunk: Buffer) => socket.write(`heard ${chunk}`));
  });
  banner.listen(0, "127.0.0.1");
  await once(banner, "listening");
  world = await createWorld({
    yaml: POLICY,
    resolve: {
      [`${HOST}:443`]: `127.0.0.1:${secure.port}`,
      [`${PLAIN}:80`]: `127.0.0.1:${plain.port}`,
      [`${RAW}:5432`]: `127.0.0.1:${portOf(banner)}`,
    },
    upstreamCa: [secure.caPem],
    lookup: () => Promise.reject(new Error("NXDOMAIN")),
  });
  proxy = await world.door(PROXY_HOST, PROXY_PORT);
});
afterEach(async () => {
  await world.close();
  await secure.close();
  await plain.close();
  banner.close();
});

const say = (text: string) => speak({ door: proxy }, text.replaceAll("\n", "\r\n"), { timeoutMs: 700 });

/** A socket on which `CONNECT` was answered, and what the answer was. */
async function tunnelTo(authority: string, ahead = ""): Promise<{ socket: Socket; head: string }> {
  const socket = connect(proxy, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(
    `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\nProxy-Authorization: Basic eDp5\r\n\r\n${ahead}`,
  );
  const [chunk] = await once(socket, "data");
  return { socket, head: String(chunk) };
}

async function talk(socket: Socket, text: string): Promise<string> {
  socket.write(text.replaceAll("\n", "\r\n"));
  const [chunk] = await once(socket, "data");
  return String(chunk);
}

describe("CONNECT", () => {
  it("with TLS inside is judged by request, as without a proxy", async () => {
    const agent = new ProxyAgent({
      uri: `http://sbx:s3cret@127.0.0.1:${proxy}`,
      requestTls: { ca: world.ca.certificatePem },
    });
    const allowed = await request(`https://${HOST}/v1/a`, { dispatcher: agent });
    expect(await allowed.body.text()).toBe("hello /v1/a");
    const denied = await request(`https://${HOST}/admin`, { dispatcher: agent });
    expect(denied.statusCode).toBe(403);
    expect(await denied.body.json()).toMatchObject({ error: "policy_denied", host: HOST, path: "/admin" });
    await agent.close();
    expect(hits).toEqual([`GET ${HOST} /v1/a`]);
    expect(
      world.records.map(({ host, port, path, decision, protocol }) => [host, port, path, decision, protocol]),
    ).toEqual([
      [HOST, 443, "/v1/a", "allow", "https"],
      [HOST, 443, "/admin", "deny", "https"],
    ]);
  });

  it("with plain HTTP inside is judged by request", async () => {
    const { socket, head } = await tunnelTo(`${PLAIN}:80`);
    expect(head).toBe("HTTP/1.1 200 Connection established\r\n\r\n");
    expect(await talk(socket, `GET /v1/b HTTP/1.1\nHost: ${PLAIN}\n\n`)).toContain("hello /v1/b");
    expect(await talk(socket, `DELETE /v1/b HTTP/1.1\nHost: ${PLAIN}\n\n`)).toContain("403 Forbidden");
    socket.destroy();
    expect(hits).toEqual([`GET ${PLAIN} /v1/b`]);
  });

  it("with a protocol inside whose server speaks first is relayed where the policy says so", async () => {
    const socket = connect(proxy, "127.0.0.1");
    socket.write(`CONNECT ${RAW}:5432 HTTP/1.1\r\nHost: ${RAW}:5432\r\n\r\n`);
    let text = "";
    socket.on("data", (chunk) => {
      text += String(chunk);
    });
    await expect.poll(() => text).toContain("220 ready");
    socket.write("query");
    await expect.poll(() => text).toContain("heard query");
    socket.destroy();
    await expect.poll(() => world.records.length).toBe(1);
    expect(world.records[0]).toMatchObject({ kind: "connect", host: RAW, port: 5432, decision: "allow", bytesOut: 5 });
  });

  it("takes what the client sent ahead of the answer as the tunnel's first bytes", async () => {
    const ahead = `GET /v1/early HTTP/1.1\r\nHost: ${PLAIN}\r\nConnection: close\r\n\r\n`;
    const { socket } = await tunnelTo(`${PLAIN}:80`, ahead);
    await closed(socket.resume());
    expect(hits).toEqual([`GET ${PLAIN} /v1/early`]);
  });

  it("to a host that no rule names is told why inside, in one line that a rule can be made of", async () => {
    const { socket } = await tunnelTo("paste.example.net:80");
    const answer = await talk(socket, "POST /new HTTP/1.1\nHost: paste.example.net\nContent-Length: 0\n\n");
    expect(answer).toContain("policy_denied");
    await closed(socket.resume());
    expect(world.records).toMatchObject([
      { kind: "http", decision: "deny", host: "paste.example.net", port: 80, method: "POST", path: "/new" },
    ]);
    expect(world.records[0]?.binary?.path).toBe("/usr/bin/curl");
  });

  it("is the connection of the program that the kernel names", async () => {
    world.identity.current = { path: "/usr/bin/other", sha256: "c".repeat(64), pid: 1, ancestors: [] };
    const { socket } = await tunnelTo(`${PLAIN}:80`);
    expect(await talk(socket, `GET /v1/b HTTP/1.1\nHost: ${PLAIN}\n\n`)).toContain("policy_denied");
    socket.destroy();
    expect(hits).toEqual([]);
  });

  it("refuses another server name in the tunnel's TLS than the CONNECT's", async () => {
    const { socket } = await tunnelTo(`${HOST}:443`);
    const tls = tlsConnect({ socket, servername: "evil.example.com", ca: world.ca.certificatePem });
    tls.on("error", () => {});
    await closed(tls);
    await expect.poll(() => world.records.length).toBe(1);
    expect(world.records[0]).toMatchObject({ decision: "deny", host: HOST });
    expect(world.records[0]?.reason).toContain("evil.example.com");
  });

  it("leads to the name behind an address that the sandbox's DNS gave", async () => {
    const address = await world.addressOf(PLAIN);
    const { socket } = await tunnelTo(`${address}:80`);
    expect(await talk(socket, `GET /v1/n HTTP/1.1\nHost: ${PLAIN}\n\n`)).toContain("hello /v1/n");
    socket.destroy();
  });

  it("is cut by a reload like any other connection", async () => {
    const { socket } = await tunnelTo(`${PLAIN}:80`);
    expect(await talk(socket, `GET /v1/b HTTP/1.1\nHost: ${PLAIN}\n\n`)).toContain("hello");
    world.set(POLICY.replace(PLAIN, "elsewhere.example.com"));
    await closed(socket.resume());
  });

  const bare = [
    "127.0.0.1:80",
    "[::1]:80",
    "169.254.169.254:80",
    "[::ffff:169.254.169.254]:80",
    "2130706433:80",
    "0x7f.1:80",
    "[fd00:ec2::254]:80",
    "[64:ff9b::a9fe:a9fe]:80",
    "0.0.0.0:80",
    "[::]:80",
  ];
  it.each(bare)("to %s is denied as the address it is", async (authority) => {
    const { socket } = await tunnelTo(authority);
    const host = authority.replace(/:80$/, "");
    expect(await talk(socket, `GET / HTTP/1.1\nHost: ${host}\n\n`)).toContain("policy_denied");
    socket.destroy();
    await expect.poll(() => world.records.length).toBe(1);
    expect(world.records[0]?.decision).toBe("deny");
  });

  const malformed: Record<string, string> = {
    "to the proxy itself": `CONNECT ${PROXY_HOST}:${PROXY_PORT} HTTP/1.1\nHost: ${PROXY_HOST}:${PROXY_PORT}\n\n`,
    "to the proxy itself in capitals and with a dot": `CONNECT Proxy.Creel.LOCAL.:3128 HTTP/1.1\nHost: Proxy.Creel.LOCAL.:3128\n\n`,
    "without a port": `CONNECT ${PLAIN} HTTP/1.1\nHost: ${PLAIN}\n\n`,
    "to port 0": `CONNECT ${PLAIN}:0 HTTP/1.1\nHost: ${PLAIN}:0\n\n`,
    "to port 65616, which is 80 in sixteen bits": `CONNECT ${PLAIN}:65616 HTTP/1.1\nHost: ${PLAIN}:65616\n\n`,
    "with a user": `CONNECT x@${PLAIN}:80 HTTP/1.1\nHost: ${PLAIN}:80\n\n`,
    "with a path": `CONNECT ${PLAIN}:80/v1 HTTP/1.1\nHost: ${PLAIN}:80\n\n`,
    "with a scheme": `CONNECT http://${PLAIN}:80 HTTP/1.1\nHost: ${PLAIN}:80\n\n`,
    "with a zone": `CONNECT [fe80::1%25lo]:80 HTTP/1.1\nHost: [fe80::1%25lo]:80\n\n`,
    "with an address that lacks its brackets": "CONNECT ::1:80 HTTP/1.1\nHost: ::1:80\n\n",
    "with another Host": `CONNECT ${PLAIN}:80 HTTP/1.1\nHost: evil.example.com:80\n\n`,
    "with another port in Host": `CONNECT ${PLAIN}:80 HTTP/1.1\nHost: ${PLAIN}:443\n\n`,
    "with two Hosts": `CONNECT ${PLAIN}:80 HTTP/1.1\nHost: ${PLAIN}:80\nHost: ${PLAIN}:80\n\n`,
    "with a body": `CONNECT ${PLAIN}:80 HTTP/1.1\nHost: ${PLAIN}:80\nContent-Length: 4\n\nGET `,
    "with a chunked body": `CONNECT ${PLAIN}:80 HTTP/1.1\nHost: ${PLAIN}:80\nTransfer-Encoding: chunked\n\n0\n\n`,
    "to an invented address that stands for no name": "CONNECT 198.18.7.7:80 HTTP/1.1\nHost: 198.18.7.7:80\n\n",
    "behind a request that is not answered": `GET http://${PLAIN}/v1/slow HTTP/1.1\nHost: ${PLAIN}\n\nCONNECT ${HOST}:443 HTTP/1.1\nHost: ${HOST}:443\n\n`,
  };
  it.each(Object.entries(malformed))("%s is refused with a line", async (_name, text) => {
    const answer = (await say(text)).text;
    expect(answer).not.toContain("200 Connection established");
    expect(world.records.some((record) => record.decision === "deny")).toBe(true);
  });

  it("inside the tunnel of another CONNECT is refused", async () => {
    const { socket } = await tunnelTo(`${PLAIN}:80`);
    const answer = await talk(socket, `CONNECT ${HOST}:443 HTTP/1.1\nHost: ${HOST}:443\n\n`);
    expect(answer).not.toContain("200");
    expect(world.records).toMatchObject([{ decision: "deny", host: PLAIN, method: "CONNECT" }]);
  });
});

describe("absolute form", () => {
  const get = (target: string, host: string, more = "") =>
    `GET ${target} HTTP/1.1\nHost: ${host}\n${more}Connection: close\n\n`;

  it("is judged like a request to that host, and Proxy-Authorization stays here", async () => {
    const { text } = await say(
      get(`http://${PLAIN}/v1/x?y=1`, PLAIN, "Proxy-Authorization: Basic eDp5\nProxy-Connection: keep-alive\n"),
    );
    expect(text).toContain("hello /v1/x?y=1");
    expect(hits).toEqual([`GET ${PLAIN} /v1/x?y=1`]);
    expect(seen.map((name) => name.toLowerCase()).filter((name) => name.startsWith("proxy"))).toEqual([]);
    expect(world.records).toMatchObject([{ kind: "http", protocol: "http", host: PLAIN, port: 80, path: "/v1/x?y=1" }]);
  });

  it("may ask one host after another on one connection, each judged for itself", async () => {
    const { text } = await say(
      `GET http://${PLAIN}/v1/1 HTTP/1.1\nHost: ${PLAIN}\n\n${get("http://other.example.com/v1/2", "other.example.com")}`,
    );
    expect(text).toContain("hello /v1/1");
    expect(text).toContain("policy_denied");
    expect(hits).toEqual([`GET ${PLAIN} /v1/1`]);
    expect(world.records.map((record) => [record.host, record.decision]).sort()).toEqual([
      ["other.example.com", "deny"],
      [PLAIN, "allow"],
    ]);
  });

  it("with https is carried in TLS to the host and judged there", async () => {
    expect((await say(get(`https://${HOST}/v1/s`, HOST))).text).toContain("hello /v1/s");
    expect(world.records).toMatchObject([{ host: HOST, port: 443, protocol: "https", decision: "allow" }]);
  });

  const refused: Record<string, string> = {
    "with another Host": get(`http://${PLAIN}/v1/x`, HOST),
    "with the invented address of an allowed name": get("http://198.18.7.7/v1/x", PLAIN),
    "with a user": get(`http://x@${PLAIN}/v1/x`, PLAIN),
    "with a user that looks like the host": get(`http://${PLAIN}:80@evil.example.com/v1/x`, PLAIN),
    "with a backslash for the slash": get(`http:\\\\${PLAIN}/v1/x`, PLAIN),
    "with a backslash behind the host": get(`http://${PLAIN}\\@evil.example.com/v1/x`, PLAIN),
    "with three slashes": get(`http:///${PLAIN}/v1/x`, PLAIN),
    "of another scheme": get(`ftp://${PLAIN}/v1/x`, PLAIN),
    "to the proxy itself": get(`http://${PROXY_HOST}:${PROXY_PORT}/`, `${PROXY_HOST}:${PROXY_PORT}`),
    "to the proxy itself on another port": get(`http://${PROXY_HOST}/`, PROXY_HOST),
    "without any host": get("/v1/x", PLAIN),
    "with a path that climbs out": get(`http://${PLAIN}/v1/../admin`, PLAIN),
    "to the metadata service": get("http://169.254.169.254/latest/", "169.254.169.254"),
    "to loopback in hexadecimal": get("http://0x7f000001/", "0x7f000001"),
  };
  it.each(Object.entries(refused))("%s reaches nobody", async (_name, text) => {
    expect((await say(text)).text).toMatch(/^HTTP\/1.1 40[03] /);
    expect(hits).toEqual([]);
    expect(world.records.length).toBeGreaterThan(0);
    expect(world.records.every((record) => record.decision === "deny")).toBe(true);
  });
});

describe("the proxy's name", () => {
  it("answers on its one port only", async () => {
    const { text } = await speak(
      { door: await world.door(PROXY_HOST, 80) },
      `GET / HTTP/1.1\r\nHost: ${PROXY_HOST}\r\n\r\n`,
      { timeoutMs: 700 },
    );
    expect(text).not.toContain(" 200 ");
    expect(world.records.every((record) => record.decision === "deny")).toBe(true);
  });

  it("is not spoken to in TLS", async () => {
    const socket = tlsConnect({ host: "127.0.0.1", port: proxy, servername: PROXY_HOST, ca: world.ca.certificatePem });
    socket.on("error", () => {});
    await closed(socket);
    expect(world.records).toMatchObject([{ decision: "deny", host: PROXY_HOST, port: PROXY_PORT }]);
  });

  it("is never asked for outside", async () => {
    expect(await world.addressOf(PROXY_HOST)).toMatch(/^198\.18\./);
  });

  it("leaves the model where it was: absolute form and a tunnel reach it", async () => {
    const post =
      "POST http://inference.local/v1/chat/completions HTTP/1.1\nHost: inference.local\nContent-Length: 2\nConnection: close\n\n{}";
    expect((await say(post)).text).toContain("no_model");
    const { socket } = await tunnelTo("inference.local:80");
    expect(
      await talk(socket, "POST /v1/chat/completions HTTP/1.1\nHost: inference.local\nContent-Length: 2\n\n{}"),
    ).toContain("no_model");
    socket.destroy();
    expect(world.records.map((record) => [record.kind, record.decision])).toEqual([
      ["inference", "allow"],
      ["inference", "allow"],
    ]);
  });
});
