import { Duplex } from "node:stream";
import { afterEach, describe, expect, it, vi } from "vitest";
import { IncomingBody } from "../src/http1/incomingBody.ts";
import { OutgoingMessage } from "../src/http1/outgoingMessage.ts";
import { ServerConnection } from "../src/http1/serverConnection.ts";
import type { ServerExchange } from "../src/http1/serverExchange.ts";
import { writeHead } from "../src/http1/writeHead.ts";
import {
  HEADER_BYTES_MAX,
  REFUSAL_LINGER_MS,
  REQUEST_HEAD_TIMEOUT_MS,
  REQUESTS_PIPELINED_BYTES_MAX,
  REQUESTS_PIPELINED_MAX,
} from "../src/limits.ts";
import { eventually } from "./support/eventually.ts";

/** A connection whose client takes one piece whenever the test says so. */
class Line extends Duplex {
  taken = "";
  private pending: (() => void) | null = null;
  constructor() {
    super({ allowHalfOpen: true, writableHighWaterMark: 1024 });
  }
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.taken += chunk.toString("latin1");
    this.pending = done;
  }
  takeOne(): boolean {
    const { pending } = this;
    this.pending = null;
    pending?.();
    return pending !== null;
  }
}

const head = (path: string, ...lines: string[]) =>
  `${[`GET ${path} HTTP/1.1`, "Host: a", ...lines].join("\r\n")}\r\n\r\n`;

function open() {
  const line = new Line();
  line.on("error", () => {});
  const exchanges: ServerExchange[] = [];
  const malformed: string[] = [];
  const floods: string[] = [];
  new ServerConnection(line, {
    onExchange: (exchange) => void exchanges.push(exchange),
    onUpgrade: () => {},
    onMalformed: (problem) => void malformed.push(problem),
    onFlood: (problem) => void floods.push(problem),
  });
  return { line, exchanges, malformed, floods };
}

afterEach(() => {
  vi.useRealTimers();
});

describe("the last answer of a connection", () => {
  it("is not cut off however slowly it is read, and then the connection ends", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { line, exchanges } = open();
    line.push(head("/", "Connection: close"));
    await eventually(() => expect(exchanges).toHaveLength(1));
    exchanges[0]?.answer("HTTP/1.1 200 OK\r\n\r\n", { kind: "length", bytes: 3 }).end("end");
    await eventually(() => expect(line.writableEnded).toBe(true));
    vi.advanceTimersByTime(10 * REFUSAL_LINGER_MS);
    expect(line.destroyed).toBe(false);
    while (!line.writableFinished) {
      line.takeOne();
      await new Promise(setImmediate);
    }
    expect(line.taken).toBe("HTTP/1.1 200 OK\r\n\r\nend");
    vi.advanceTimersByTime(REFUSAL_LINGER_MS);
    expect(line.destroyed).toBe(true);
  });
});

describe("ATTACK a connection", () => {
  it("whose head takes too long is refused, and its timer goes with it", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { line, malformed } = open();
    line.push("GET / HT");
    await eventually(() => expect(vi.getTimerCount()).toBe(1));
    vi.advanceTimersByTime(REQUEST_HEAD_TIMEOUT_MS);
    expect(malformed).toEqual(["a head that takes too long"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("that was cut brings no further request, though it is in the same read", async () => {
    const { line, exchanges } = open();
    const cutting = exchanges.push.bind(exchanges);
    exchanges.push = (...made) => {
      line.destroy();
      return cutting(...made);
    };
    line.push(head("/a") + head("/b"));
    await eventually(() => expect(exchanges.length).toBeGreaterThan(0));
    await new Promise(setImmediate);
    expect(exchanges.map((exchange) => exchange.head.target)).toEqual(["/a"]);
  });

  it("leaves no listener of ours behind each of its requests", async () => {
    const { line, exchanges } = open();
    const listeners = () => line.eventNames().reduce((sum, name) => sum + line.listenerCount(name), 0);
    const before = listeners();
    for (let index = 0; index < 50; index++) {
      line.push(head(`/${index}`));
      await eventually(() => expect(exchanges).toHaveLength(index + 1));
      exchanges[index]?.answer("HTTP/1.1 200 OK\r\n\r\n", { kind: "length", bytes: 2000 }).end("a".repeat(2000));
      await eventually(() => {
        line.takeOne();
        expect(line.writableLength).toBe(0);
      });
    }
    expect(listeners()).toBe(before);
  });
});

const OK = "HTTP/1.1 200 OK\r\n\r\n";
const targets = (exchanges: ServerExchange[]) => exchanges.map(({ head: { target } }) => target);

describe("ATTACK requests behind a request", () => {
  it("are nobody's before those before them are answered", async () => {
    const { line, exchanges } = open();
    line.push(head("/a") + head("/b") + head("/c"));
    await eventually(() => expect(exchanges.length).toBeGreaterThan(0));
    await new Promise(setImmediate);
    expect(targets(exchanges)).toEqual(["/a"]);
    exchanges[0]?.answer(OK, { kind: "none" }).end();
    await eventually(() => expect(targets(exchanges)).toEqual(["/a", "/b"]));
  });

  it("are nobody's when the client left, or when the answer before them is the last", async () => {
    const left = open();
    left.line.push(head("/a") + head("/b"));
    await eventually(() => expect(left.exchanges.length).toBe(1));
    left.line.destroy();
    left.exchanges[0]?.answer(OK, { kind: "none" }).end();
    const last = open();
    last.line.push(head("/a") + head("/b"));
    await eventually(() => expect(last.exchanges.length).toBe(1));
    const [first] = last.exchanges;
    if (first !== undefined) first.last = true;
    first?.answer(OK, { kind: "none" }).end();
    await eventually(() => expect(last.line.writableEnded).toBe(true));
    expect([...targets(left.exchanges), ...targets(last.exchanges)]).toEqual(["/a", "/a"]);
  });

  it("wait while answers without a body are not read, which would heap up", async () => {
    const { line, exchanges } = open();
    const long = `HTTP/1.1 204 No Content\r\nX: ${"a".repeat(2000)}\r\n\r\n`;
    line.push(head("/a"));
    await eventually(() => expect(exchanges).toHaveLength(1));
    exchanges[0]?.answer(long, { kind: "none" }).end();
    await eventually(() => expect(line.writableNeedDrain).toBe(true));
    line.push(head("/b"));
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(targets(exchanges)).toEqual(["/a"]);
    line.takeOne();
    await eventually(() => expect(targets(exchanges)).toEqual(["/a", "/b"]));
  });

  it("are as many as the bound and no more", async () => {
    const { line, exchanges, floods } = open();
    line.push(head("/a").repeat(REQUESTS_PIPELINED_MAX));
    await eventually(() => expect(exchanges).toHaveLength(1));
    await new Promise(setImmediate);
    expect(floods).toEqual([]);
    line.push(head("/a"));
    await eventually(() => expect(floods).toHaveLength(1));
    expect(exchanges).toHaveLength(1);
  });

  it("are no more bytes than the bound", async () => {
    const { line, floods, exchanges } = open();
    const large = head("/a", `X: ${"a".repeat(HEADER_BYTES_MAX - 100)}`);
    const fits = Math.floor(REQUESTS_PIPELINED_BYTES_MAX / (large.length - 4));
    for (let index = 0; index < fits; index++) line.push(large);
    await eventually(() => expect(exchanges).toHaveLength(1));
    await new Promise(setImmediate);
    expect(floods).toEqual([]);
    line.push(large);
    await eventually(() => expect(floods).toEqual([expect.stringContaining("bytes at once")]));
  });
});

describe("ATTACK many small chunks", () => {
  it("wait as one piece for each read, not as one for each byte", () => {
    const body = new IncomingBody({ kind: "chunked" }, () => {});
    let pieces = 0;
    const push = body.push.bind(body);
    body.push = (...pushed) => {
      pieces += 1;
      return push(...pushed);
    };
    expect(body.feed(Buffer.from("1\r\na\r\n".repeat(5000)), 0)).toMatchObject({ taken: 30_000 });
    expect(body.readableLength).toBe(5000);
    expect(pieces).toBe(1);
  });
});

describe("what is written", () => {
  it.each([
    ["a first line with a break", "GET / HTTP/1.1\r\nX: y", []],
    ["a name with a break", "GET / HTTP/1.1", [["a\r\nb", "c"]]],
    ["a name with a colon", "GET / HTTP/1.1", [["a:b", "c"]]],
    ["a value with a break", "GET / HTTP/1.1", [["a", "b\r\nc: d"]]],
    ["a value with NUL", "GET / HTTP/1.1", [["a", "b\0"]]],
    ["a value that is not one byte a character", "GET / HTTP/1.1", [["a", "\u010a"]]],
  ] satisfies [string, string, [string, string][]][])("is never %s", (_name, first, headers) => {
    expect(() => writeHead(first, headers)).toThrow("cannot be written");
  });

  it.each([
    ["longer", "four"],
    ["shorter", "t"],
  ])("is no body that is %s than its head says", async (_name, body) => {
    const line = new Line();
    const message = new OutgoingMessage({
      head: "",
      framing: { kind: "length", bytes: 3 },
      unsaid: false,
      onSent: () => {},
    });
    const broken = new Promise((resolve) => message.once("error", resolve));
    message.open(line);
    message.end(body);
    expect(await broken).toBeInstanceOf(Error);
    expect(message.sent).toBe(false);
  });
});
