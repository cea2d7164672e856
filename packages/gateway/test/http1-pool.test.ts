import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { createSecureContext } from "node:tls";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ClientConnection } from "../src/http1/clientConnection.ts";
import { CONNECT_TIMEOUT_MS, UPSTREAM_IDLE_SOCKETS_MAX, UPSTREAM_SOCKETS_PER_POOL_MAX } from "../src/limits.ts";
import { createHttp1Pool, type Http1Dial, type Http1Pool } from "../src/upstream/http1Pool.ts";
import { eventually } from "./support/eventually.ts";
import { portOf } from "./support/world.ts";

/** Which connection a request gets, where several lead to one name. Every address of 127.0.0.0/8 is this host. */
let server: Server;
let pool: Http1Pool;
let sockets: Socket[];
/** Requests that the server has not answered. */
let unanswered: Socket[];
let answering: boolean;
beforeEach(async () => {
  sockets = [];
  unanswered = [];
  answering = true;
  pool = createHttp1Pool();
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.on("data", () => {
      if (answering) socket.write(OK);
      else unanswered.push(socket);
    });
  });
  server.listen(0, "0.0.0.0");
  await once(server, "listening");
});
afterEach(() => {
  pool.retire();
  for (const socket of sockets) socket.destroy();
  server.close();
});

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const trust = createSecureContext();
const dialOf = (address: string, host = "a.example.com"): Http1Dial => ({
  secure: false,
  host,
  target: { addresses: [address], port: portOf(server) },
  trust,
  reuse: true,
});

interface Asked {
  connection: ClientConnection;
  answered: Promise<void>;
}

function sendOn(connection: ClientConnection): Asked {
  const answered = new Promise<void>((resolve, reject) => {
    const request = connection.send(
      { method: "GET", head: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", framing: { kind: "none" } },
      {
        onAnswer: (_head, body) => void body.resume().once("end", () => resolve()),
        onUpgrade: null,
        onFailure: reject,
      },
    );
    request.message.end();
  });
  // Some are still open when their test ends.
  answered.catch(() => {});
  return { connection, answered };
}

const ask = (dial: Http1Dial, wanted = () => true): Promise<Asked> =>
  new Promise((resolve, reject) => {
    const opened = (connection: ClientConnection) => resolve(sendOn(connection));
    pool.open(dial, { wanted, opened, noTurn: () => reject(new Error("no turn")) });
  });

async function whole(dial: Http1Dial): Promise<ClientConnection> {
  const { connection, answered } = await ask(dial);
  await answered;
  return connection;
}

describe("ATTACK a kept connection", () => {
  it("serves the next request that may go to its address", async () => {
    const first = await whole(dialOf("127.0.0.1"));
    expect(await whole(dialOf("127.0.0.1"))).toBe(first);
  });

  it("never serves a request that may not go to its address, though the name is the same", async () => {
    const first = await whole(dialOf("127.0.0.1"));
    const second = await whole(dialOf("127.0.0.2"));
    expect(second).not.toBe(first);
    expect(second.socket.remoteAddress).toBe("127.0.0.2");
    expect(await whole(dialOf("127.0.0.1"))).toBe(first);
  });

  it("never serves another name", async () => {
    const first = await whole(dialOf("127.0.0.1"));
    expect(await whole(dialOf("127.0.0.1", "b.example.com"))).not.toBe(first);
  });

  it("never serves another sandbox, whose pool is its own", async () => {
    const first = await whole(dialOf("127.0.0.1"));
    pool = createHttp1Pool();
    expect(await whole(dialOf("127.0.0.1"))).not.toBe(first);
  });

  it("serves nobody once policy has changed, neither when idle nor when it becomes idle", async () => {
    answering = false;
    const busy = await ask(dialOf("127.0.0.1"));
    await expect.poll(() => unanswered.length).toBe(1);
    answering = true;
    const idle = await whole(dialOf("127.0.0.1"));
    pool.retire();
    expect(idle.socket.destroyed).toBe(true);
    unanswered[0]?.write(OK);
    await busy.answered;
    expect(busy.connection.socket.destroyed).toBe(true);
    const next = await whole(dialOf("127.0.0.1"));
    expect([idle, busy.connection]).not.toContain(next);
  });

  it("serves nobody when it was ended by who read its answer", async () => {
    const { connection } = await new Promise<Asked>((resolve) => {
      const opened = (connection: ClientConnection) => {
        const request = connection.send(
          { method: "GET", head: "GET / HTTP/1.1\r\n\r\n", framing: { kind: "none" } },
          {
            onAnswer: () => {
              request.destroy();
              setImmediate(() => resolve({ connection, answered: Promise.resolve() }));
            },
            onUpgrade: null,
            onFailure: () => {},
          },
        );
        request.message.end();
      };
      pool.open(dialOf("127.0.0.1"), { wanted: () => true, opened, noTurn: () => {} });
    });
    expect(connection.socket.destroyed).toBe(true);
    expect(await whole(dialOf("127.0.0.1"))).not.toBe(connection);
  });

  it("is not kept beyond the bound of idle ones", async () => {
    answering = false;
    const many = await Promise.all(
      Array.from({ length: UPSTREAM_IDLE_SOCKETS_MAX + 1 }, () => ask(dialOf("127.0.0.1"))),
    );
    await expect.poll(() => unanswered.length).toBe(many.length);
    for (const socket of unanswered) socket.write(OK);
    await Promise.all(many.map(({ answered }) => answered));
    expect(many.filter(({ connection }) => !connection.socket.destroyed)).toHaveLength(UPSTREAM_IDLE_SOCKETS_MAX);
  });
});

describe("where all connections to a name are taken", () => {
  it("a request waits for one, and one that is not wanted any more dials nothing", async () => {
    answering = false;
    const all = await Promise.all(
      Array.from({ length: UPSTREAM_SOCKETS_PER_POOL_MAX }, () => ask(dialOf("127.0.0.1"))),
    );
    await expect.poll(() => unanswered.length).toBe(all.length);
    let served = 0;
    const serve = (connection: ClientConnection) => {
      served += 1;
      connection.destroy();
    };
    pool.open(dialOf("127.0.0.1"), { wanted: () => false, opened: serve, noTurn: () => {} });
    const next = ask(dialOf("127.0.0.1"));
    answering = true;
    unanswered[0]?.write(OK);
    await (await next).answered;
    expect(served).toBe(0);
    expect((await next).connection).toBe(all[0]?.connection);
    expect(sockets).toHaveLength(UPSTREAM_SOCKETS_PER_POOL_MAX);
  });
});

describe("ATTACK requests that each get a connection of their own", () => {
  const fresh = (address: string): Http1Dial => ({ ...dialOf(address), reuse: false });

  it("wait where all are taken, and no end of one makes room for two", async () => {
    answering = false;
    const max = UPSTREAM_SOCKETS_PER_POOL_MAX;
    const asked: Promise<Asked>[] = [];
    let opened = 0;
    for (let index = 0; index < max + 20; index++) {
      const one = ask(fresh("127.0.0.1"));
      void one.then(() => {
        opened += 1;
      });
      asked.push(one);
    }
    await expect.poll(() => unanswered.length).toBe(max);
    expect(opened).toBe(max);
    for (const socket of unanswered.slice(0, 5)) socket.write(OK);
    await expect.poll(() => opened).toBe(max + 5);
    await expect.poll(() => sockets.filter((socket) => !socket.destroyed).length).toBe(max);
    for (const socket of sockets) socket.destroy();
    await Promise.all(asked);
    expect(opened).toBe(max + 20);
  });

  it("and take the place of an idle one, never one more", async () => {
    const kept = await whole(dialOf("127.0.0.1"));
    answering = false;
    const rest = Array.from({ length: UPSTREAM_SOCKETS_PER_POOL_MAX - 1 }, () => ask(fresh("127.0.0.1")));
    await Promise.all(rest);
    expect(kept.socket.destroyed).toBe(false);
    const next = await ask(fresh("127.0.0.1"));
    expect(next.connection).not.toBe(kept);
    expect(kept.socket.destroyed).toBe(true);
    let further = false;
    const waiting = pool.open(fresh("127.0.0.1"), {
      wanted: () => true,
      opened: () => {
        further = true;
      },
      noTurn: () => {},
    });
    await once(kept.socket, "close");
    await new Promise(setImmediate);
    expect(further).toBe(false);
    waiting.giveUp();
  });
});

describe("ATTACK a destination that says nothing", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    ["to who connects", false],
    ["to a TLS handshake", true],
  ])("%s holds no request longer than a connection may take", async (_name, secure) => {
    answering = false;
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    // Without TLS the time passes before the kernel can have said anything.
    const { answered } = await ask({ ...dialOf("127.0.0.1"), secure });
    if (secure) await eventually(() => expect(unanswered).toHaveLength(1));
    vi.advanceTimersByTime(CONNECT_TIMEOUT_MS);
    await expect(answered).rejects.toThrow("no answer in time");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("and one that answers in time is not cut later", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { connection, answered } = await ask(dialOf("127.0.0.1"));
    await answered;
    vi.advanceTimersByTime(CONNECT_TIMEOUT_MS);
    expect(connection.socket.destroyed).toBe(false);
  });
});
