import { encode } from "dns-packet";
import type { Random } from "../../policy/fuzz/random.ts";
import { readClientHello } from "../src/clientHello.ts";
import { answerQuery } from "../src/dns/answer.ts";
import { FrameReader, writeFrame } from "../src/websocket/frames.ts";
import { MessageReader } from "../src/websocket/messages.ts";
import { WebSocketViolation } from "../src/websocket/violation.ts";

/** The codecs that read a sandbox's bytes without a parser of Node's before them: DNS, the first TLS record, WebSocket frames. */
const TYPES = ["A", "AAAA", "TXT", "ANY", "HTTPS", "SVCB", "MX", "NULL", "OPT", "CNAME", "SRV", "PTR"];
const NAMES = [
  "api.example.com",
  "",
  ".",
  "a".repeat(63),
  `${"a.".repeat(126)}a`,
  "xn--0",
  "A.B.C",
  "1.2.3.4",
  "é.example",
  "a..b",
  "\0.x",
];
const DNS_REPLY_BYTES_MAX = 1500;

function mutate(random: Random, bytes: Buffer): Buffer {
  const out = Buffer.from(bytes);
  for (let n = random.below(6); n > 0 && out.length > 0; n -= 1) out[random.below(out.length)] = random.below(256);
  const cut = random.chance(20) ? random.below(out.length + 1) : out.length;
  const tail = random.chance(20)
    ? Buffer.from(Array.from({ length: random.below(40) }, () => random.below(256)))
    : Buffer.alloc(0);
  return Buffer.concat([out.subarray(0, cut), tail]);
}

function queryOf(random: Random): Buffer {
  if (random.chance(10)) return Buffer.from(Array.from({ length: random.below(600) }, () => random.below(256)));
  const questions = Array.from({ length: random.chance(90) ? 1 : random.below(4) }, () => ({
    type: random.pick(TYPES),
    class: "IN",
    name: random.pick(NAMES),
  }));
  try {
    return mutate(
      random,
      encode({ type: "query", id: random.below(65_536), flags: random.below(65_536) & 0x7900, questions }),
    );
  } catch {
    return Buffer.alloc(random.below(20));
  }
}

export function playDns(random: Random): string | null {
  const query = queryOf(random);
  const asked: string[] = [];
  const answer = answerQuery(query, (name) => {
    asked.push(name);
    return random.chance(20) ? "none" : "198.18.7.7";
  });
  const hex = query.toString("hex");
  if (asked.length > 1) return `several names asked for: ${hex}`;
  if (answer === null) return asked.length === 0 ? null : `asked without an answer: ${hex}`;
  const { reply } = answer;
  if (reply.length > DNS_REPLY_BYTES_MAX) return `a reply of ${reply.length} bytes: ${hex}`;
  if (reply.readUInt16BE(0) !== query.readUInt16BE(0) || (reply[2] ?? 0) < 0x80)
    return `a reply to another query: ${hex}`;
  if (reply.readUInt16BE(4) !== 1 || reply.readUInt16BE(6) > 1 || reply.readUInt32BE(8) !== 0)
    return `odd counts: ${hex}`;
  if (reply.readUInt16BE(6) === 1 && !reply.subarray(-4).equals(Buffer.from([198, 18, 7, 7])))
    return `another address: ${hex}`;
  return null;
}

export function playHello(random: Random, hello: Buffer): string | null {
  const bytes = mutate(random, hello);
  const whole = readClientHello(bytes);
  const part = readClientHello(bytes.subarray(0, random.below(bytes.length + 1)));
  // A prefix never says more than the whole, or the server could be shown another name behind it.
  const agrees = part.state !== "complete" || (whole.state === "complete" && whole.serverName === part.serverName);
  return agrees ? null : `a prefix reads otherwise: ${bytes.toString("hex")}`;
}

export function playFrames(random: Random): string | null {
  const frames = Array.from({ length: 1 + random.below(5) }, () =>
    writeFrame(random.pick([0, 1, 2, 8, 9, 10]), Buffer.alloc(random.below(300), "a"), { masked: true }),
  );
  const bytes = random.chance(60) ? mutate(random, Buffer.concat(frames)) : Buffer.concat(frames);
  const reader = new FrameReader({ payloadBytesMax: 4096 });
  const messages = new MessageReader({ bytesMax: 4096 });
  let out = 0;
  try {
    for (let at = 0; at < bytes.length; ) {
      const size = 1 + random.below(200);
      for (const frame of reader.push(bytes.subarray(at, at + size))) {
        messages.take(frame);
        out += frame.payload.length;
      }
      at += size;
    }
  } catch (error) {
    if (!(error instanceof WebSocketViolation)) throw error;
  }
  return out > bytes.length ? `more out than in: ${bytes.toString("hex")}` : null;
}
