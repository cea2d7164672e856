import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PENDING_HANDSHAKES_MAX, SOCKETS_PER_SANDBOX_MAX } from "../src/limits.ts";
import { CURL, createWorld, portOf, type World } from "./support/world.ts";

/**
 * A burst of connections, over the sandbox's bound or over what may be in its handshake at once: as many are served as have a place. Who
 * connected is said only when the whole burst is there, as it is when a kernel answers slowly.
 */
const HOST = "raw.example.com";
const policy = (limits = "") => `version: 1
${limits === "" ? "" : `sandbox: { limits: { ${limits} } }\n`}network_policies:
  raw:
    endpoints:
      - { host: ${HOST}, port: 7000, protocol: tcp }
    binaries: [{ path: /usr/bin/curl }]
`;

let server: Server;
let peers: Set<Socket>;
let world: World;
let clients: Socket[];
let asked: number;
/** Answers everybody who asked and who asks from now on. */
let answer: () => void;

beforeEach(async () => {
  peers = new Set();
  clients = [];
  asked = 0;
  server = createServer((peer) => {
    peer.on("error", () => {});
    peers.add(peer);
    peer.once("close", () => peers.delete(peer));
    peer.write("hello");
  });
  server.listen(0, "127.0.0.1", 2048);
  await once(server, "listening");
});
afterEach(async () => {
  for (const client of clients) client.destroy();
  await world.close();
  for (const peer of peers) peer.destroy();
  server.close();
});

const start = async (yaml: string) => {
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  world = await createWorld({
    yaml,
    resolve: { [`${HOST}:7000`]: `127.0.0.1:${portOf(server)}` },
    who: async () => {
      asked += 1;
      await answered;
      return CURL;
    },
  });
};

/** Opens so many at once; how each of them goes: greeted by the server or cut. */
async function burst(count: number): Promise<{ each: Promise<("greeted" | "cut")[]> }> {
  const door = await world.door(HOST, 7000);
  const fresh = Array.from({ length: count }, () => connect(door, "127.0.0.1"));
  clients.push(...fresh);
  const went = (socket: Socket) =>
    new Promise<"greeted" | "cut">((resolve) => {
      socket.on("error", () => {});
      socket.once("data", () => resolve("greeted"));
      socket.once("close", () => resolve("cut"));
    });
  return { each: Promise.all(fresh.map(went)) };
}
const greeted = async ({ each }: Awaited<ReturnType<typeof burst>>) =>
  (await each).filter((way) => way === "greeted").length;
const refusals = () => world.records.filter(({ decision }) => decision === "deny").length;

describe("a burst of connections", () => {
  it("over the policy's bound: exactly as many are served as it says, and a place given back is taken again", async () => {
    await start(policy("connections: 6"));
    const all = await burst(40);
    await expect.poll(refusals).toBe(34);
    expect(asked).toBe(6);
    answer();
    expect(await greeted(all)).toBe(6);
    expect(peers.size).toBe(6);
    expect(await greeted(await burst(3))).toBe(0);
    for (const client of clients) client.destroy();
    await expect.poll(() => peers.size).toBe(0);
    await expect.poll(async () => greeted(await burst(1))).toBe(1);
  });

  it("whose places a reload takes away while it is still asked who they are: the first have what is left", async () => {
    await start(policy("connections: 6"));
    const all = await burst(6);
    await expect.poll(() => asked).toBe(6);
    world.set(policy("connections: 2"));
    answer();
    expect(await greeted(all)).toBe(2);
    await expect.poll(refusals).toBe(4);
  });

  it(`of ${SOCKETS_PER_SANDBOX_MAX} is served whole, though only ${PENDING_HANDSHAKES_MAX} are in their handshake at once`, async () => {
    await start(policy());
    const all = await burst(SOCKETS_PER_SANDBOX_MAX);
    await expect.poll(() => asked).toBe(PENDING_HANDSHAKES_MAX);
    answer();
    expect(await greeted(all)).toBe(SOCKETS_PER_SANDBOX_MAX);
    expect(refusals()).toBe(0);
    const more = await burst(1);
    expect(await greeted(more)).toBe(0);
  });

  it("that waits for its handshakes ends with its sandbox", async () => {
    await start(policy());
    const all = await burst(PENDING_HANDSHAKES_MAX + 50);
    await expect.poll(() => asked).toBe(PENDING_HANDSHAKES_MAX);
    const removed = world.gateway.remove("box");
    answer();
    expect(await greeted(all)).toBe(0);
    await removed;
    expect(asked).toBe(PENDING_HANDSHAKES_MAX);
  });
});
