import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { Agent } from "node:https";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as tlsConnect } from "node:tls";
import type { EgressException } from "@creel/policy";
import { afterEach, describe, expect, it } from "vitest";
import { type ExceptionUses, openExceptionUses } from "../src/index.ts";
import { ask, closed } from "./support/client.ts";
import { CURL, createUpstream, createWorld, portOf, type World, type WorldOptions } from "./support/world.ts";

const HOST = "api.example.com";
const NOTHING = "version: 1\nnetwork_policies: {}\n";
const DAY_MS = 86_400_000;
const ID = "11111111-1111-4111-8111-111111111111";

let world: World;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  await world?.close();
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

/** A clock that stands still until a test moves it. */
function clock() {
  let at = Date.now();
  const to = (next: number) => {
    at = next;
  };
  return { now: () => at, to };
}
const exception = (more: Partial<EgressException> = {}): EgressException => ({
  id: ID,
  binary: CURL.path,
  host: HOST,
  port: 443,
  method: "POST",
  path: "/items/*",
  endsAtMs: Date.now() + DAY_MS,
  once: false,
  ...more,
});
function usesDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "creel-uses-"));
  cleanups.push(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}
const openUses = (dir = usesDir()): ExceptionUses => openExceptionUses({ dir, keepMs: DAY_MS, now: Date.now });

let served: string[] = [];
async function api(
  exceptions: EgressException[],
  { yaml = NOTHING, ...options }: Partial<WorldOptions> = {},
  handler: Parameters<typeof createUpstream>[1] = (req, res) => {
    served.push(`${req.method} ${req.url}`);
    res.end("served");
  },
) {
  served = [];
  const upstream = await createUpstream(HOST, handler);
  cleanups.push(() => upstream.close());
  world = await createWorld({
    yaml,
    resolve: { [`${HOST}:443`]: `127.0.0.1:${upstream.port}` },
    upstreamCa: [upstream.caPem],
    ...options,
  });
  world.set(yaml, { exceptions });
  return {
    ask: async (method: string, path: string, more: { agent?: Agent; body?: string } = {}) =>
      (await ask({ door: await world.door(HOST, 443), host: HOST, ca: world.ca.certificatePem, method, path, ...more }))
        .status,
  };
}

describe("an exception through the gateway", () => {
  it("allows the request it names, and the line in the journal says by which", async () => {
    const { ask: asks } = await api([exception()]);
    expect(await asks("POST", "/items/7")).toBe(200);
    expect(world.records.at(-1)).toMatchObject({ decision: "allow", rule: `exception:${ID}`, path: "/items/7" });
    expect(served).toEqual(["POST /items/7"]);
  });

  it("does not allow a wider path, another method or what a redirect leads to", async () => {
    const { ask: asks } = await api([exception()], {}, (req, res) => {
      served.push(`${req.method} ${req.url}`);
      res.writeHead(307, { location: "/secrets" }).end();
    });
    expect(await asks("POST", "/items/7/parts")).toBe(403);
    expect(await asks("DELETE", "/items/7")).toBe(403);
    expect(await asks("POST", "/items/7")).toBe(307);
    expect(await asks("POST", "/secrets")).toBe(403);
    expect(served).toEqual(["POST /items/7"]);
  });

  it("does not allow another program", async () => {
    const { ask: asks } = await api([exception()]);
    world.identity.current = { ...CURL, path: "/usr/bin/wget" };
    expect(await asks("POST", "/items/7")).toBe(403);
    expect(served).toEqual([]);
  });

  it("does not follow a name that turns to a private address or to the metadata service", async () => {
    const addresses = ["10.0.0.9", "169.254.169.254", "127.0.0.1", "::ffff:10.0.0.9"];
    for (const address of addresses) {
      world = await createWorld({ yaml: NOTHING, lookup: async () => [address] });
      world.set(NOTHING, { exceptions: [exception()] });
      const door = await world.door(HOST, 443);
      const { status } = await ask({ door, host: HOST, ca: world.ca.certificatePem, method: "POST", path: "/items/7" });
      expect([address, status]).toEqual([address, 403]);
      expect(world.records.at(-1)).toMatchObject({ decision: "deny" });
      await world.close();
    }
  });

  it("uses up the limits of the entry whose place it is for", async () => {
    const yaml = `version: 1
network_policies:
  api:
    name: api
    limits: { requests: 2, per: day }
    endpoints: [{ host: ${HOST}, port: 443, protocol: rest, rules: [{ allow: { method: GET, path: /** } }] }]
    binaries: [{ path: ${CURL.path} }]
`;
    const { ask: asks } = await api([exception()], { yaml, now: clock().now });
    expect(await asks("POST", "/items/1")).toBe(200);
    expect(await asks("GET", "/")).toBe(200);
    expect(await asks("POST", "/items/2")).toBe(429);
    expect(await asks("GET", "/")).toBe(429);
  });

  it("is not there any more once the next plan does not name it", async () => {
    const { ask: asks } = await api([exception()]);
    expect(await asks("POST", "/items/7")).toBe(200);
    world.set(NOTHING, { exceptions: [] });
    expect(await asks("POST", "/items/7")).toBe(403);
  });

  it("stays where a plan says nothing new of it", async () => {
    const { ask: asks } = await api([exception()]);
    world.set(NOTHING);
    expect(await asks("POST", "/items/7")).toBe(200);
  });
});

describe("its end", () => {
  const stream = (req: { socket: { once(name: "close", done: () => void): unknown } }, gone: () => void) =>
    req.socket.once("close", gone);

  async function openStream(): Promise<ReturnType<typeof tlsConnect>> {
    const door = await world.door(HOST, 443);
    const socket = tlsConnect({ host: "127.0.0.1", port: door, servername: HOST, ca: world.ca.certificatePem });
    socket.on("error", () => {});
    await once(socket, "secureConnect");
    socket.write(`POST /items/7 HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 0\r\n\r\n`);
    const [chunk] = await once(socket, "data");
    expect(String(chunk)).toContain("200 OK");
    return socket;
  }

  it("cuts an open stream with nobody to hear from, both ways", async () => {
    let upstreamGone: () => void = () => {};
    const gone = new Promise<void>((resolve) => {
      upstreamGone = resolve;
    });
    const { ask: asks } = await api([exception({ endsAtMs: Date.now() + 1500 })], {}, (req, res) => {
      stream(req, upstreamGone);
      res.write("first");
    });
    const socket = await openStream();
    await Promise.all([closed(socket), gone]);
    expect(await asks("POST", "/items/7")).toBe(403);
  });

  it("holds by the clock of the gateway, to the millisecond", async () => {
    const time = clock();
    const { ask: asks } = await api([exception({ endsAtMs: time.now() + 1000 })], { now: time.now });
    time.to(time.now() + 999);
    expect(await asks("POST", "/items/7")).toBe(200);
    time.to(time.now() + 1);
    expect(await asks("POST", "/items/7")).toBe(403);
  });

  it("cuts a connection that is relayed unread", async () => {
    const server = createServer((socket) => void socket.on("error", () => {}).write("hello"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    cleanups.push(() => server.close());
    world = await createWorld({ yaml: NOTHING, resolve: { "db.example.com:5432": `127.0.0.1:${portOf(server)}` } });
    const raw = exception({ host: "db.example.com", port: 5432, method: undefined, path: undefined });
    world.set(NOTHING, { exceptions: [{ ...raw, endsAtMs: Date.now() + 1500 }] });
    const socket = connect(await world.door("db.example.com", 5432), "127.0.0.1");
    socket.on("error", () => {});
    const [hello] = await once(socket, "data");
    expect(String(hello)).toBe("hello");
    await closed(socket);
    expect(world.records.at(-1)).toMatchObject({ decision: "allow", rule: `exception:${ID}`, protocol: "tcp" });
  });
});

describe("one for once", () => {
  it("allows one request and then none, also on the connection it was used on", async () => {
    const { ask: asks } = await api([exception({ once: true })], { exceptionUses: openUses() });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    cleanups.push(() => agent.destroy());
    expect(await asks("POST", "/items/7", { agent })).toBe(200);
    expect(await asks("POST", "/items/7", { agent })).toBe(403);
    expect(await asks("POST", "/items/7")).toBe(403);
    expect(served).toHaveLength(1);
  });

  it("is one when many race for it", async () => {
    const { ask: asks } = await api([exception({ once: true })], { exceptionUses: openUses() });
    const all = await Promise.all(Array.from({ length: 12 }, (_, index) => asks("POST", `/items/${index}`)));
    expect(all.filter((status) => status === 200)).toHaveLength(1);
    expect(all.filter((status) => status === 403)).toHaveLength(11);
    expect(served).toHaveLength(1);
  });

  it("lets what it was used for go on until its end, and other flows of the place not", async () => {
    let begun: (finish: () => void) => void = () => {};
    const beginning = new Promise<() => void>((resolve) => {
      begun = resolve;
    });
    const { ask: asks } = await api([exception({ once: true })], { exceptionUses: openUses() }, (_req, res) => {
      res.write("begin");
      begun(() => res.end("end"));
    });
    const door = await world.door(HOST, 443);
    const answer = ask({ door, host: HOST, ca: world.ca.certificatePem, method: "POST", path: "/items/7" });
    const finish = await beginning;
    // A new plan that still names it judges the open flow again.
    world.set(NOTHING, { exceptions: [exception({ once: true })] });
    expect(await asks("POST", "/items/8")).toBe(403);
    finish();
    expect((await answer).body).toBe("beginend");
  });
  it("is not used up by a request that is denied", async () => {
    const { ask: asks } = await api([exception({ once: true })], { exceptionUses: openUses() });
    expect(await asks("POST", "/other")).toBe(403);
    expect(await asks("GET", "/items/7")).toBe(403);
    expect(await asks("POST", "/items/7")).toBe(200);
  });

  it("is on the disk before the request is sent on, and is spent for the next process", async () => {
    const dir = usesDir();
    let onDisk: string[] = [];
    const first = await api([exception({ once: true })], { exceptionUses: openUses(dir) }, (_req, res) => {
      onDisk = readdirSync(dir);
      res.end("ok");
    });
    expect(await first.ask("POST", "/items/7")).toBe(200);
    expect(onDisk).toEqual([ID]);
    await world.close();
    const second = await api([exception({ once: true })], { exceptionUses: openUses(dir) });
    expect(await second.ask("POST", "/items/7")).toBe(403);
    expect(served).toEqual([]);
  });

  it("is denied where the use cannot be written, and nothing is sent", async () => {
    const dir = usesDir();
    const exceptionUses = openUses(dir);
    rmSync(dir, { recursive: true });
    const problems: string[] = [];
    const { ask: asks } = await api([exception({ once: true })], {
      exceptionUses,
      onProblem: (problem) => void problems.push(problem),
    });
    expect(await asks("POST", "/items/7")).toBe(403);
    expect(world.records.at(-1)).toMatchObject({ decision: "deny", rule: `exception:${ID}` });
    expect(problems.join()).toContain(ID);
    expect(served).toEqual([]);
  });

  it("is denied where another process wrote the use a moment ago", async () => {
    const dir = usesDir();
    const exceptionUses = openUses(dir);
    writeFileSync(join(dir, ID), "");
    const { ask: asks } = await api([exception({ once: true })], { exceptionUses });
    expect(await asks("POST", "/items/7")).toBe(403);
    expect(served).toEqual([]);
  });

  it("is never in force where nobody keeps uses", async () => {
    const { ask: asks } = await api([exception({ once: true })]);
    expect(await asks("POST", "/items/7")).toBe(403);
  });

  it("is forgotten only when it has long ended", () => {
    const dir = usesDir();
    const at = Date.now();
    for (const [id, ageMs] of [
      [ID, DAY_MS - 10_000],
      [ID.replace(/1$/, "2"), DAY_MS + 10_000],
    ] as const) {
      writeFileSync(join(dir, id), "");
      utimesSync(join(dir, id), (at - ageMs) / 1000, (at - ageMs) / 1000);
    }
    const uses = openUses(dir);
    expect(uses.isSpent(ID)).toBe(true);
    expect(uses.isSpent(ID.replace(/1$/, "2"))).toBe(false);
  });

  it("of a connection that is relayed unread is that one connection", async () => {
    const server = createServer((socket) => void socket.on("error", () => {}).write("hello"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    cleanups.push(() => server.close());
    world = await createWorld({
      yaml: NOTHING,
      resolve: { "db.example.com:5432": `127.0.0.1:${portOf(server)}` },
      exceptionUses: openUses(),
    });
    const raw = { host: "db.example.com", port: 5432, method: undefined, path: undefined, once: true };
    world.set(NOTHING, { exceptions: [exception(raw)] });
    const door = await world.door("db.example.com", 5432);
    const first = connect(door, "127.0.0.1");
    cleanups.push(() => first.destroy());
    await once(first, "data");
    const second = connect(door, "127.0.0.1");
    second.on("error", () => {});
    // Whoever says nothing is heard for a while before it is cut.
    second.end("?");
    await closed(second);
    expect(second.bytesRead).toBe(0);
    expect(first.destroyed).toBe(false);
  });
});
