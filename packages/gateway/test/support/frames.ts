import type { TLSSocket } from "node:tls";
import { closed } from "./client.ts";
import { tlsThrough } from "./http2Client.ts";

/** Frames of HTTP/2 written by hand (RFC 9113 4.1), for what no correct client sends. */
export const TYPE = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;
export const FLAG = { END_STREAM: 1, ACK: 1, END_HEADERS: 4 } as const;
export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

export function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A length of HPACK (RFC 7541 5.1) with a seven-bit prefix. */
function length(value: number): Buffer {
  if (value < 127) return Buffer.from([value]);
  const bytes = [127];
  let rest = value - 127;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}

/** Header lines as literals without indexing: any byte may stand in them. */
export const block = (headers: readonly (readonly [string, string])[]): Buffer =>
  Buffer.concat(
    headers.flatMap(([name, value]) => {
      const [key, text] = [Buffer.from(name, "latin1"), Buffer.from(value, "latin1")];
      return [Buffer.from([0]), length(key.length), key, length(text.length), text];
    }),
  );

export const settings = (...pairs: [id: number, value: number][]): Buffer => {
  const payload = Buffer.alloc(pairs.length * 6);
  pairs.forEach(([id, value], index) => {
    payload.writeUInt16BE(id, index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  });
  return frame(TYPE.SETTINGS, 0, 0, payload);
};

export interface SeenFrame {
  type: number;
  flags: number;
  stream: number;
  payload: Buffer;
}

export interface RawConnection {
  socket: TLSSocket;
  seen: SeenFrame[];
  send(...frames: Buffer[]): void;
  /** Resolves with the first frame, past or to come, that fits; with null when the connection ended before. */
  frame(fits: (seen: SeenFrame) => boolean): Promise<SeenFrame | null>;
  ended: Promise<void>;
}

/** A connection through a door that agreed on HTTP/2 and said its preface. */
export async function rawHttp2(
  door: number,
  place: { host: string; ca: string },
  { greet = true } = {},
): Promise<RawConnection> {
  const socket = await tlsThrough(door, place);
  const seen: SeenFrame[] = [];
  const waiting = new Set<() => void>();
  let held = Buffer.alloc(0);
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    held = Buffer.concat([held, chunk]);
    while (held.length >= 9 && held.length >= 9 + held.readUIntBE(0, 3)) {
      const end = 9 + held.readUIntBE(0, 3);
      seen.push({
        type: held.readUInt8(3),
        flags: held.readUInt8(4),
        stream: held.readUInt32BE(5) & 0x7fffffff,
        payload: held.subarray(9, end),
      });
      held = held.subarray(end);
    }
    for (const check of waiting) check();
  });
  const ended = closed(socket);
  if (greet) socket.write(Buffer.concat([PREFACE, settings(), frame(TYPE.SETTINGS, FLAG.ACK, 0)]));
  return {
    socket,
    seen,
    send: (...frames) => void socket.write(Buffer.concat(frames)),
    ended,
    frame: (fits) =>
      new Promise((resolve) => {
        const check = () => {
          const found = seen.find(fits);
          if (found === undefined) return;
          waiting.delete(check);
          resolve(found);
        };
        waiting.add(check);
        void ended.then(() => resolve(seen.find(fits) ?? null));
        check();
      }),
  };
}

/** What became of one stream: answered with a head, reset, or neither before the connection ended. */
export async function outcome(raw: RawConnection, stream: number): Promise<"answered" | "reset" | "ended"> {
  const found = await raw.frame(
    (one) => one.stream === stream && (one.type === TYPE.HEADERS || one.type === TYPE.RST_STREAM),
  );
  if (found === null) return "ended";
  return found.type === TYPE.HEADERS ? "answered" : "reset";
}
