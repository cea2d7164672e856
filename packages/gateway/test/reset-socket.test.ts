import { once } from "node:events";
import { readdirSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { resetSocket, takeOver } from "../src/resetSocket.ts";
import { portOf } from "./support/world.ts";

/** Clients that go away, or never read, at the moment they are cut: each cost the gateway a descriptor for good. */
it("a socket that is cut while it ends is closed, and says so", async () => {
  let made = 0;
  let closed = 0;
  const server = createServer((socket: Socket) => {
    made += 1;
    socket.on("error", () => resetSocket(socket));
    socket.once("close", () => {
      closed += 1;
    });
    socket.resume();
    // Node ends its own side now; the shutdown is under way when ours comes.
    socket.once("end", () => queueMicrotask(() => resetSocket(socket)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const before = readdirSync("/proc/self/fd").length;
  for (let round = 0; round < 100; round += 1) {
    const client = connect(portOf(server), "127.0.0.1");
    await once(client, "connect");
    client.destroy();
  }
  await expect.poll(() => [made, closed]).toEqual([100, 100]);
  expect(readdirSync("/proc/self/fd").length).toBeLessThan(before + 20);
  server.close();
});

it("a client that does not read is cut all the same", async () => {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect(portOf(server), "127.0.0.1");
  client.on("error", () => {});
  client.pause();
  const [socket]: Socket[] = await once(server, "connection");
  if (socket === undefined) throw new Error("no connection");
  socket.on("error", () => {});
  socket.write(Buffer.alloc(32 * 1024 * 1024));
  const gone = once(socket, "close");
  resetSocket(socket);
  await gone;
  client.destroy();
  server.close();
});

it("a socket that TLS above it has shut down is closed, and says so", async () => {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect(portOf(server), "127.0.0.1");
  client.on("error", () => {});
  client.pause();
  const [socket]: Socket[] = await once(server, "connection");
  if (socket === undefined) throw new Error("no connection");
  socket.on("error", () => {});
  const secure = new PassThrough();
  takeOver(socket, secure);
  secure.end();
  socket.write(Buffer.alloc(32 * 1024 * 1024));
  // What TLS does below the socket, which still takes itself for writable; libuv would refuse a reset now.
  socket._final(() => {});
  expect(socket.writableEnded).toBe(false);
  const gone = once(socket, "close");
  resetSocket(socket);
  await gone;
  client.destroy();
  server.close();
});
