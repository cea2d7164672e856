import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { LARGE_BUFFERS_MAX, largeBuffersTaken, readStraight } from "../src/straight.ts";
import { portOf } from "./support/world.ts";

/** What is relayed unread goes through buffers that are used again: nobody's bytes may stand in another's place, and memory has a bound. */
const PIECE = Buffer.from(Array.from({ length: 1 << 20 }, (_, at) => (at * 31) & 0xff));

let server: Server;
let sockets: Socket[];
/** How many pieces each connection is sent. */
let pieces: number;
beforeEach(async () => {
  sockets = [];
  pieces = Number.POSITIVE_INFINITY;
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    let sent = 0;
    const go = () => {
      while (sent < pieces) {
        sent += 1;
        if (!socket.write(PIECE)) return void socket.once("drain", go);
      }
      socket.end();
    };
    go();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

function straight(sandbox: Duplex): Socket {
  const upstream: Socket = connect({
    host: "127.0.0.1",
    port: portOf(server),
    onread: readStraight({ sandbox, upstream: () => upstream, onChunk: () => {} }),
  });
  upstream.on("error", () => {});
  sockets.push(upstream);
  return upstream;
}
/** Takes everything, at once or in a later turn. */
const sink = (take: (chunk: Buffer) => void, { late }: { late: boolean }): Duplex =>
  new Duplex({
    read() {},
    writableHighWaterMark: 1,
    write(chunk: Buffer, _encoding, done) {
      const taken = () => {
        take(chunk);
        done();
      };
      if (late) setImmediate(taken);
      else taken();
    },
  });

test.each([false, true])("everything arrives once and in order where the reader is late: %s", async (late) => {
  pieces = 24;
  const hash = createHash("sha256");
  const upstream = straight(sink((chunk) => void hash.update(chunk), { late }));
  await once(upstream.resume(), "end");
  const sent = createHash("sha256");
  for (let n = 0; n < pieces; n += 1) sent.update(PIECE);
  expect(hash.digest("hex")).toBe(sent.digest("hex"));
});

test("no more than a few connections have the largest buffer, and those that end give theirs back", async () => {
  const all = Array.from({ length: LARGE_BUFFERS_MAX + 4 }, () => straight(sink(() => {}, { late: false })));
  let most = 0;
  const full = () => {
    most = Math.max(most, largeBuffersTaken());
    return most;
  };
  await expect.poll(full, { interval: 5 }).toBe(LARGE_BUFFERS_MAX);
  // Those that wait for one go on.
  const before = all.map((socket) => socket.bytesRead);
  await expect.poll(() => all.every((socket, at) => socket.bytesRead > (before[at] ?? 0))).toBe(true);
  expect(full()).toBe(LARGE_BUFFERS_MAX);
  const gone = all.map((socket) => once(socket, "close"));
  for (const socket of all) socket.destroy();
  await Promise.all(gone);
  expect(largeBuffersTaken()).toBe(0);
});
