import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { closed } from "./support/client.ts";
import { createWorld, portOf, type World } from "./support/world.ts";

/** Protocols whose server speaks first (ssh, smtp): relayed at once, ended as either side ends them, and counted. */
const HOST = "git.example.com";
const POLICY = `version: 1
network_policies:
  ssh:
    endpoints:
      - { host: ${HOST}, port: 22, protocol: tcp }
    binaries:
      - path: /usr/bin/curl
`;
const BANNER = "SSH-2.0-OpenSSH_9.9\r\n";

let world: World;
let server: Server;
let peers: Socket[];
beforeEach(async () => {
  peers = [];
  server = createServer({ allowHalfOpen: true }, (peer) => {
    peer.on("error", () => {});
    peers.push(peer);
    peer.write(BANNER);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  world = await createWorld({ yaml: POLICY, resolve: { [`${HOST}:22`]: `127.0.0.1:${portOf(server)}` } });
});
afterEach(async () => {
  await world.close();
  for (const peer of peers) peer.destroy();
  server.close();
});

async function open(): Promise<{ socket: Socket; peer: Socket }> {
  const socket = connect({ port: await world.door(HOST, 22), host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {});
  const [banner] = await once(socket, "data");
  expect(String(banner)).toBe(BANNER);
  const [peer] = peers;
  if (peer === undefined) throw new Error("no peer");
  return { socket, peer };
}

const record = async () => {
  await expect.poll(() => world.records.length).toBe(1);
  return world.records[0];
};

describe("a server that speaks first", () => {
  it("is heard before the client has said a word", async () => {
    const { socket } = await open();
    socket.resetAndDestroy();
    expect(await record()).toMatchObject({ kind: "connect", decision: "allow", bytesIn: BANNER.length, bytesOut: 0 });
  });

  it("that ends its side still hears the client", async () => {
    const { socket, peer } = await open();
    peer.end();
    await once(socket.resume(), "end");
    const heard = once(peer, "data");
    socket.end("late");
    expect(String((await heard)[0])).toBe("late");
    expect(await record()).toMatchObject({ decision: "allow", bytesOut: 4 });
  });

  it("that resets resets the client", async () => {
    const { socket, peer } = await open();
    const failed = once(socket, "error").catch((error: Error) => [error]);
    peer.resetAndDestroy();
    await closed(socket.resume());
    await failed;
    expect(await record()).toMatchObject({ decision: "allow", bytesIn: BANNER.length });
  });

  it("is reset when the client resets", async () => {
    const { socket, peer } = await open();
    socket.write("SSH-2.0-x\r\n");
    await once(peer, "data");
    socket.resetAndDestroy();
    await closed(peer.resume());
    expect(await record()).toMatchObject({ decision: "allow", bytesOut: 11 });
  });

  it("is not reached by a program that the rule does not name", async () => {
    world.identity.current = { path: "/usr/bin/other", sha256: "c".repeat(64), pid: 1, ancestors: [] };
    const socket = connect(await world.door(HOST, 22), "127.0.0.1");
    socket.on("error", () => {});
    socket.end("SSH-2.0-x\r\n");
    await closed(socket.resume());
    expect(peers).toEqual([]);
    expect(await record()).toMatchObject({ decision: "deny" });
  });
});
