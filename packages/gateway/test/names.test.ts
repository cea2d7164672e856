import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import { decode, encode } from "dns-packet";
import { afterEach, describe, expect, it } from "vitest";
import { createNameTable } from "../src/dns/fakeNames.ts";
import { createQueryRate } from "../src/dns/queryRate.ts";
import { createUnusedNames } from "../src/dns/unusedNames.ts";
import { DNS_QUERIES_PER_SECOND_MAX, DNS_UNUSED_MAX, SOCKETS_PER_SANDBOX_MAX } from "../src/limits.ts";
import { ask, closed } from "./support/client.ts";
import { createUpstream, createWorld, type World } from "./support/world.ts";

const REST = `version: 1
network_policies:
  only:
    name: only
    endpoints:
      - { host: api.example.com, port: 443, protocol: rest, access: full }
    binaries:
      - path: /usr/bin/curl
`;

let world: World;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  await world.close();
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const BEHIND_ID = 65_535;
const BEHIND = encode({
  type: "query",
  id: BEHIND_ID,
  questions: [{ type: "A", class: "IN", name: "api.example.com" }],
});

describe("names", () => {
  async function query(bytes: Buffer): Promise<ReturnType<typeof decode> | null> {
    const asker = createSocket("udp4");
    asker.send(bytes, world.dnsPort, "127.0.0.1");
    // Answered in their order, so that whoever hears this one first has no answer to the other.
    asker.send(BEHIND, world.dnsPort, "127.0.0.1");
    const [reply] = await once(asker, "message");
    asker.close();
    const heard = decode(reply);
    return heard.id === BEHIND_ID ? null : heard;
  }
  const ofType = (type: string, name = "api.example.com") =>
    query(encode({ type: "query", id: 1, questions: [{ type, class: "IN", name }] }));

  it.each(["AAAA", "TXT", "ANY", "MX", "NS", "SRV", "CAA", "PTR"])("have no %s record", async (type) => {
    world = await createWorld({ yaml: REST });
    expect((await ofType(type))?.answers).toEqual([]);
    expect(world.records).toEqual([]);
  });

  it("are answered for every connection that a sandbox may open at once, of each kind that a resolver asks for", async () => {
    world = await createWorld({ yaml: REST });
    const asker = createSocket("udp4");
    const replies = { count: 0 };
    asker.on("message", () => {
      replies.count += 1;
    });
    // As many at a time as a kernel's buffer holds on its way to us.
    const atOnce = 64;
    for (let sent = 0; sent < SOCKETS_PER_SANDBOX_MAX * 2; sent += atOnce) {
      for (let n = 0; n < atOnce; n += 1) {
        const type = n % 2 === 0 ? ("A" as const) : ("AAAA" as const);
        const questions = [{ type, class: "IN" as const, name: "api.example.com" } as const];
        asker.send(encode({ type: "query", id: sent + n, questions }), world.dnsPort, "127.0.0.1");
      }
      await expect.poll(() => replies.count, { interval: 1 }).toBe(sent + atOnce);
    }
    asker.close();
  });

  it("are answered up to the bound of a second, and again in the next", async () => {
    world = await createWorld({ yaml: REST });
    let nowMs = 5;
    const tooMany = createQueryRate(DNS_QUERIES_PER_SECOND_MAX, () => nowMs);
    const taken = () => Array.from({ length: DNS_QUERIES_PER_SECOND_MAX + 1 }, tooMany).filter((no) => !no).length;
    expect(taken()).toBe(DNS_QUERIES_PER_SECOND_MAX);
    nowMs += 999;
    expect(tooMany()).toBe(true);
    nowMs += 1;
    expect(taken()).toBe(DNS_QUERIES_PER_SECOND_MAX);
  });

  const outside = { yaml: REST, lookup: () => Promise.reject(new Error("nobody may be asked")) };

  it("that no rule names carry nothing out, however they are spelt, and leave one line", async () => {
    world = await createWorld(outside);
    expect((await ofType("TXT", "c2VjcmV0.tunnel.evil.com"))?.answers).toEqual([]);
    expect((await ofType("A", "C2VJCMV0.tunnel.evil.com"))?.answers).toHaveLength(1);
    await world.gateway.remove("box");
    expect(world.records).toMatchObject([
      { kind: "dns", decision: "deny", host: "c2vjcmv0.tunnel.evil.com", method: "TXT", binary: null, port: 0 },
    ]);
  });

  it("that no rule names leave the connection's line alone when one follows", async () => {
    world = await createWorld(outside);
    const door = await world.door("paste.example.net", 443);
    const answer = await ask({ door, host: "paste.example.net", ca: world.ca.certificatePem, path: "/x" });
    expect(answer).toMatchObject({ status: 403, json: { error: "policy_denied", host: "paste.example.net" } });
    await world.gateway.remove("box");
    expect(world.records).toMatchObject([
      { kind: "http", decision: "deny", host: "paste.example.net", port: 443, method: "GET", path: "/x" },
    ]);
    expect(world.records[0]?.binary?.path).toBe("/usr/bin/curl");
  });

  it("that no rule names are reached as soon as a rule does, by the address they had", async () => {
    const upstream = await createUpstream("paste.example.net", (_req, res) => res.end("in"));
    cleanups.push(() => upstream.close());
    world = await createWorld({
      yaml: REST,
      resolve: { "paste.example.net:443": `127.0.0.1:${upstream.port}` },
      upstreamCa: [upstream.caPem],
    });
    const door = await world.door("paste.example.net", 443);
    const one = async () => (await ask({ door, host: "paste.example.net", ca: world.ca.certificatePem })).status;
    expect(await one()).toBe(403);
    world.set(REST.replaceAll("api.example.com", "paste.example.net"));
    expect(await one()).toBe(200);
  });

  it("that are addresses have none", async () => {
    world = await createWorld(outside);
    expect((await ofType("A", "10.0.0.1"))?.answers).toEqual([]);
    expect((await ofType("A", "2130706433"))?.answers).toEqual([]);
  });

  it("invented in a flood push out none that the policy names, and wait for the journal", async () => {
    world = await createWorld(outside);
    const before = await world.addressOf("api.example.com");
    const table = createNameTable();
    const named = table.named.addressOf("api.example.com");
    for (let n = 0; n < 5000; n++) table.unnamed.addressOf(`n${n}.evil.com`);
    expect(table.nameOf(named ?? "")).toBe("api.example.com");
    expect(named).toBe(before);
    const written: string[] = [];
    const unused = createUnusedNames(async (name) => void written.push(name));
    const taken = Array.from({ length: 5000 }, (_, n) => unused.asked(`n${n}.evil.com`, "A"));
    expect(taken.filter(Boolean)).toHaveLength(DNS_UNUSED_MAX);
    await unused.flush();
    expect(written).toHaveLength(DNS_UNUSED_MAX);
    expect(unused.asked("later.evil.com", "A")).toBe(true);
    unused.connected("later.evil.com");
  });

  it("keep their addresses across a restart of the gateway", async () => {
    world = await createWorld({ yaml: REST });
    const before = await world.addressOf("api.example.com");
    await world.close();
    world = await createWorld({ yaml: REST, lookup: async () => ["127.0.0.1"] });
    const door = await world.door(before ?? "", 443);
    const answer = await ask({ door, host: "api.example.com", ca: world.ca.certificatePem }).catch(() => null);
    expect(world.records.at(-1)?.host ?? answer?.json.host).toBe("api.example.com");
  });

  it("asked for in malformed packets get no answer", async () => {
    world = await createWorld({ yaml: REST });
    expect(await query(Buffer.from([1, 2, 3]))).toBeNull();
    expect(await query(Buffer.alloc(5000))).toBeNull();
    const pointerLoop = Buffer.from("00010100000100000000000 0c00c00010001".replaceAll(" ", ""), "hex");
    expect(await query(pointerLoop)).toBeNull();
  });
});

describe("a denied connection that never says what it wants", () => {
  it("leaves one line when its program goes away", async () => {
    world = await createWorld({ yaml: REST });
    const door = await world.door("db.example.net", 5432);
    const socket = connect(door, "127.0.0.1").on("error", () => {});
    await once(socket, "connect");
    socket.resume().end();
    await closed(socket);
    await world.gateway.remove("box");
    expect(world.records).toMatchObject([{ kind: "connect", decision: "deny", host: "db.example.net", port: 5432 }]);
  });

  it("leaves one line when its sandbox ends first", async () => {
    world = await createWorld({ yaml: REST });
    const door = await world.door("db.example.net", 5432);
    const socket = connect(door, "127.0.0.1").on("error", () => {});
    await once(socket, "connect");
    await world.gateway.remove("box");
    await closed(socket.resume());
    expect(world.records).toMatchObject([{ decision: "deny", host: "db.example.net" }]);
  });
});
