import type { Random } from "../../../policy/fuzz/random.ts";
import { FLAG, frame, PREFACE, settings, TYPE } from "../../test/support/frames.ts";
import { targetOf } from "../streams.ts";
import { flipped, inspectedRequest } from "./bodies.ts";
import { HOSTS } from "./hosts.ts";
import { headBlock, type Line } from "./hpack.ts";
import { flood } from "./http2Floods.ts";

/** What a hostile client writes on a connection that agreed on HTTP/2: sound requests, twisted heads, frames out of place, floods. */
const FLAG_PADDED = 0x8;
const FLAG_PRIORITY = 0x20;
const TYPE_PUSH_PROMISE = 5;

/** Added to a head, or put in the place of what stands there. */
const ODD_LINES: readonly Line[] = [
  [":path", "/v1/second"],
  [":path", "/admin"],
  [":method", "DELETE"],
  [":authority", "evil.example.com"],
  [":scheme", "http"],
  [":status", "200"],
  [":protocol", "websocket"],
  [":unknown", "x"],
  ["host", "evil.example.com"],
  ["host", ""],
  ["connection", "close"],
  ["connection", "x-a"],
  ["keep-alive", "timeout=5"],
  ["proxy-connection", "keep-alive"],
  ["transfer-encoding", "chunked"],
  ["upgrade", "websocket"],
  ["upgrade", "h2c"],
  ["te", "trailers, chunked"],
  ["te", "trailers"],
  ["expect", "100-continue"],
  ["content-length", "0"],
  ["content-length", "5"],
  ["content-length", "5, 5"],
  ["content-length", "-1"],
  ["content-length", "99999999999999999999"],
  ["x-a", "b\r\nx-c: d"],
  ["x-a", "b\nGET /admin HTTP/1.1\n\n"],
  ["x-a", "b\0c"],
  ["x-a", "\x7f\x01"],
  ["x-a", " lead"],
  ["x-a\r\nx-c", "d"],
  ["x-a: b", "d"],
  ["x a", "d"],
  ["", "d"],
  ["X-Upper", "d"],
  ["x_a", "d"],
  ["transfer_encoding", "chunked"],
  ["content_length", "7"],
  ["x-http-method-override", "DELETE"],
  ["x-original-url", "/admin"],
  ["x-forwarded-host", "evil"],
  ["cookie", "a=b"],
  ["cookie", "c=d"],
  ["content-encoding", "gzip"],
];

function headOf(random: Random, host: string, id: string): { lines: Line[]; body: Buffer | null } {
  const inspected = random.chance(35) ? inspectedRequest(random) : null;
  const odd = random.chance(35);
  const target = inspected?.path ?? (random.chance(70) ? `/v1/${id}/${random.below(100)}` : targetOf(random));
  const body =
    inspected?.body ??
    (random.chance(30)
      ? Buffer.from(random.pick(["hello", "0\r\n\r\n", `GET /v1/smuggled HTTP/1.1\r\nHost: ${host}\r\n\r\n`]))
      : null);
  const method = body === null ? random.pick(["GET", "GET", "HEAD", "DELETE"]) : "POST";
  const lines: Line[] = [
    [
      ":method",
      odd && random.chance(15)
        ? random.pick(["get", "GE T", "CONNECT", "GET /admin HTTP/1.1\r\nx: y", "PUT", ""])
        : method,
    ],
    [":scheme", odd && random.chance(15) ? random.pick(["http", "HTTPS", "", "https ", "https://x/"]) : "https"],
    [
      ":authority",
      odd && random.chance(15)
        ? random.pick([
            `${host}:443`,
            `${host}:80`,
            `${host}.`,
            host.toUpperCase(),
            "evil.example.com",
            `x@${host}`,
            "",
            ...HOSTS,
          ])
        : host,
    ],
    [":path", target],
    ...(inspected?.headers ?? []),
  ];
  if (body !== null && random.chance(30)) lines.push(["content-length", String(body.length)]);
  if (odd) twist(random, lines);
  return { lines, body };
}

function twist(random: Random, lines: Line[]): void {
  for (let n = 1 + random.below(2); n > 0; n -= 1) {
    const at = random.chance(70) ? lines.length : random.below(lines.length + 1);
    if (random.chance(80)) lines.splice(at, random.chance(10) ? 1 : 0, random.pick(ODD_LINES));
    else if (random.chance(50)) lines.splice(random.below(lines.length), 1);
    else
      lines.push(
        ...Array.from(
          { length: random.pick([20, 250]) },
          (_, index): Line => [`x-${index}`, "y".repeat(random.pick([1, 100]))],
        ),
      );
  }
}

/** The frames of one request, in their order; those of one head stay together. */
function requestFrames(random: Random, stream: number, host: string, id: string): Buffer[] {
  const { lines, body } = headOf(random, host, id);
  const trailers = body !== null && random.chance(12);
  const frames = [headFrames(random, stream, headBlock(random, lines), body === null)];
  if (body !== null) {
    const cuts = Array.from({ length: random.below(4) }, () => random.below(body.length + 1)).sort((a, b) => a - b);
    [0, ...cuts].forEach((start, index) => {
      const last = index === cuts.length;
      frames.push(
        dataFrame(
          random,
          stream,
          body.subarray(start, cuts[index] ?? body.length),
          last && !trailers && random.chance(96),
        ),
      );
    });
  }
  if (trailers)
    frames.push(
      headFrames(
        random,
        stream,
        headBlock(random, [
          random.pick<Line>([
            ["x-t", "y"],
            ["content-length", "3"],
            ["host", "evil"],
            [":path", "/admin"],
          ]),
        ]),
        true,
      ),
    );
  if (random.chance(6)) frames.push(frame(TYPE.RST_STREAM, 0, stream, Buffer.from([0, 0, 0, random.below(14)])));
  return frames;
}

function headFrames(random: Random, stream: number, block: Buffer, ended: boolean): Buffer {
  const end = ended ? FLAG.END_STREAM : 0;
  const extra = random.chance(8) ? FLAG_PRIORITY : 0;
  const priority = extra === 0 ? Buffer.alloc(0) : Buffer.from([0, 0, 0, random.chance(20) ? stream & 0xff : 0, 16]);
  const size = random.chance(80) ? 16_000 : 1 + random.below(40);
  const parts: Buffer[] = [];
  for (let at = 0; at < Math.max(1, block.length); at += size) parts.push(block.subarray(at, at + size));
  return Buffer.concat(
    parts.map((part, index) => {
      const last = index === parts.length - 1 ? FLAG.END_HEADERS : 0;
      return index === 0
        ? frame(TYPE.HEADERS, last | end | extra, stream, Buffer.concat([priority, part]))
        : frame(TYPE.CONTINUATION, last, stream, part);
    }),
  );
}

function dataFrame(random: Random, stream: number, bytes: Buffer, last: boolean): Buffer {
  const end = last ? FLAG.END_STREAM : 0;
  if (bytes.length > 16_000 || random.chance(90)) return dataFrames(stream, bytes, end);
  const padding = random.below(256);
  const said = random.chance(95) ? padding : 255;
  return frame(
    TYPE.DATA,
    end | FLAG_PADDED,
    stream,
    Buffer.concat([Buffer.from([said]), bytes, Buffer.alloc(padding)]),
  );
}

const dataFrames = (stream: number, bytes: Buffer, end: number): Buffer =>
  Buffer.concat(
    Array.from({ length: Math.max(1, Math.ceil(bytes.length / 16_000)) }, (_, index) => {
      const part = bytes.subarray(index * 16_000, (index + 1) * 16_000);
      return frame(TYPE.DATA, (index + 1) * 16_000 >= bytes.length ? end : 0, stream, part);
    }),
  );

const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** A frame that belongs to no request. */
function loose(random: Random, stream: number): Buffer {
  return random.pick([
    () => frame(TYPE.PING, random.below(2), 0, Buffer.alloc(random.chance(80) ? 8 : 7)),
    () => settings([random.below(8), random.pick([0, 1, 100, 16_384, 2 ** 31 - 1, 2 ** 32 - 1])]),
    () => frame(TYPE.SETTINGS, FLAG.ACK, 0, Buffer.alloc(random.chance(80) ? 0 : 6)),
    () => frame(TYPE.WINDOW_UPDATE, 0, random.pick([0, stream]), number(random.pick([0, 1, 65_535, 2 ** 31 - 1]))),
    () => frame(TYPE.PRIORITY, 0, stream, Buffer.from([0, 0, 0, stream & 0xff, 1])),
    () => frame(TYPE.GOAWAY, 0, 0, Buffer.alloc(8)),
    () => frame(TYPE_PUSH_PROMISE, FLAG.END_HEADERS, stream, Buffer.from([0, 0, 0, 2, 0x82])),
    () => frame(random.pick([10, 12, 16, 200]), random.below(256), stream, Buffer.alloc(random.below(50))),
    () => frame(TYPE.DATA, 0, random.pick([0, stream + 2, stream]), Buffer.from("stray")),
    () => frame(TYPE.CONTINUATION, FLAG.END_HEADERS, stream, Buffer.from([0x82])),
    () =>
      frame(
        TYPE.HEADERS,
        FLAG.END_HEADERS | FLAG.END_STREAM,
        random.pick([0, 2, stream]),
        Buffer.from([0x82, 0x87, 0x84]),
      ),
    () => frame(TYPE.RST_STREAM, 0, random.pick([0, stream, stream + 2]), number(random.below(20))),
  ])();
}

/** What one connection writes. */
export function http2Pieces(random: Random, host: string, id: string): Buffer[] {
  const frames: Buffer[] = [];
  const requests = Array.from({ length: 1 + random.below(6) }, (_, index) =>
    requestFrames(random, index * 2 + 1, host, `${id}/${index}`),
  );
  // Requests go side by side; only the order within each is kept.
  while (requests.some((one) => one.length > 0)) {
    const one = random.pick(
      random.chance(50)
        ? requests.filter((left) => left.length > 0)
        : requests.filter((left) => left.length > 0).slice(0, 1),
    );
    const next = one.shift();
    if (next !== undefined) frames.push(next);
  }
  if (random.chance(25))
    frames.splice(random.below(frames.length + 1), 0, loose(random, 1 + 2 * random.below(requests.length)));
  if (random.chance(3)) frames.push(...flood(random, host, requests.length * 2 + 1));
  const first = random.chance(80)
    ? settings()
    : settings(
        [4, random.pick([0, 1, 2 ** 31 - 1])],
        [1, random.pick([0, 4096, 2 ** 32 - 1])],
        [5, random.pick([16_384, 16_777_215])],
      );
  const greeting = Buffer.concat([
    random.chance(98) ? PREFACE : PREFACE.subarray(0, random.below(24)),
    first,
    frame(TYPE.SETTINGS, FLAG.ACK, 0),
  ]);
  const pieces = [greeting, ...frames];
  return random.chance(85) ? pieces : pieces.map((piece) => (random.chance(30) ? flipped(random, piece) : piece));
}
