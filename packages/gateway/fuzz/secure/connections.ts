import { connect, type Socket } from "node:net";
import { type TLSSocket, connect as tlsConnect } from "node:tls";
import type { Random } from "../../../policy/fuzz/random.ts";
import { resetSocket, takeOver } from "../../src/resetSocket.ts";
import { HOST, streamOf } from "../streams.ts";
import { flipped, inspectedRequest } from "./bodies.ts";
import { HOSTS } from "./hosts.ts";
import { http2Pieces } from "./http2Streams.ts";
import { webSocketBytes } from "./webSocketBytes.ts";

/** One hostile connection: which door, what its handshake says, what it writes then, and how it leaves. */
export interface Case {
  host: string;
  proxied: boolean;
  serverName: string;
  alpn: string[];
  pieces: Buffer[];
  /** Written once the server has answered an upgrade. */
  afterUpgrade: Buffer | null;
  /** Bytes in the place of a handshake. */
  garbage: Buffer | null;
  reads: boolean;
  leaves: "ends" | "resets" | "waits";
}

export function caseOf(random: Random, id: string, hello: Buffer): Case {
  const host = random.pick(HOSTS);
  const kind = random.below(100);
  const http2 = kind < 50;
  const webSocket = kind >= 85;
  const odd = () => random.pick(["", "evil.example.com", `${host}.`, host.toUpperCase(), ...HOSTS]);
  return {
    host,
    proxied: random.chance(15),
    serverName: random.chance(95) ? host : odd(),
    alpn: http2 ? ["h2"] : random.pick([["http/1.1"], [], ["h2", "http/1.1"], ["http/1.1"]]),
    pieces: http2
      ? http2Pieces(random, host, id)
      : webSocket
        ? [upgradeOf(random, host)]
        : random.chance(50)
          ? inspectedPieces(random, host, id)
          : plainPieces(random, host, id),
    afterUpgrade: webSocket ? webSocketBytes(random) : null,
    garbage: random.chance(3) ? flipped(random, hello) : null,
    reads: random.chance(92),
    leaves: random.pick(["ends", "resets", "waits", "waits"]),
  };
}

/** The streams of the unencrypted fuzzer, for this host. */
function plainPieces(random: Random, host: string, id: string): Buffer[] {
  return streamOf(random, id).pieces.map((piece) =>
    Buffer.from(piece.toString("latin1").replaceAll(HOST, host), "latin1"),
  );
}

const EXTENSIONS = ["", "", "", ";a=b", ";\tx", '; a="\r\n"', " "];

function inspectedPieces(random: Random, host: string, id: string): Buffer[] {
  const pieces: Buffer[] = [];
  for (let n = 1 + random.below(3); n > 0; n -= 1) {
    const { path, headers, body } = inspectedRequest(random);
    const chunked = random.chance(50);
    const length = random.chance(95) ? body.length : Math.max(0, body.length + random.below(7) - 3);
    const framing = chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${length}`;
    const expects = random.chance(5) ? "Expect: 100-continue\r\n" : "";
    const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    pieces.push(
      Buffer.from(`POST ${path} HTTP/1.1\r\nHost: ${host}\r\n${lines}${expects}${framing}\r\n\r\n`, "latin1"),
    );
    if (chunked) pieces.push(...chunks(random, body));
    else pieces.push(body.subarray(0, 7), body.subarray(7));
  }
  pieces.push(Buffer.from(`GET /v1/${id}/last HTTP/1.1\r\nHost: ${host}\r\n\r\n`));
  return random.chance(85)
    ? pieces
    : pieces.map((piece) => (random.chance(30) && piece.length > 0 ? flipped(random, piece) : piece));
}

function chunks(random: Random, body: Buffer): Buffer[] {
  const cuts = Array.from({ length: random.below(6) }, () => random.below(body.length + 1)).sort((a, b) => a - b);
  const parts = [0, ...cuts]
    .map((start, index) => body.subarray(start, cuts[index] ?? body.length))
    .filter((part) => part.length > 0);
  const written = parts.map((part) => {
    const size = part.length.toString(16).padStart(random.chance(90) ? 1 : 4, "0");
    return Buffer.concat([
      Buffer.from(`${size}${random.pick(EXTENSIONS)}\r\n`, "latin1"),
      part,
      Buffer.from(random.chance(98) ? "\r\n" : "\n"),
    ]);
  });
  return [...written, Buffer.from(random.chance(96) ? "0\r\n\r\n" : "0\r\nMethod: dropAll\r\n\r\n")];
}

function upgradeOf(random: Random, host: string): Buffer {
  const odd = (text: string, other: string) => (random.chance(95) ? text : other);
  const lines = [
    `GET ${odd("/live", random.pick(["/v1/live", "/live/", "/rpc", "/live?x=y"]))} HTTP/1.1`,
    `Host: ${host}`,
    `Connection: ${odd("Upgrade", random.pick(["upgrade, host", "keep-alive", "Upgrade, Sec-WebSocket-Key"]))}`,
    `Upgrade: ${odd("websocket", random.pick(["h2c", "websocket, h2c", "WebSocket", "TLS/1.0"]))}`,
    `Sec-WebSocket-Version: ${odd("13", "8")}`,
    `Sec-WebSocket-Key: ${odd("dGhlIHNhbXBsZSBub25jZQ==", "short")}`,
  ];
  if (random.chance(20)) lines.push("Sec-WebSocket-Extensions: permessage-deflate");
  if (random.chance(5)) lines.push("Content-Length: 5");
  const early = random.chance(10) ? webSocketBytes(random) : Buffer.alloc(0);
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), early]);
}

/** Longer than any answer takes; what has none by then waits for what never comes. */
const SILENCE_MS = 300;
/** A handshake, on a loaded machine too. */
const HANDSHAKE_MS = 5_000;

/** Plays one case; resolves when its socket is closed. */
export function play(one: Case, doors: { direct: number; proxy: number }): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(one.proxied ? doors.proxy : doors.direct, "127.0.0.1");
    socket.setNoDelay(true);
    socket.on("error", () => {});
    socket.once("close", () => resolve());
    socket.setTimeout(one.garbage === null ? HANDSHAKE_MS : SILENCE_MS, () => leave(socket, one));
    if (!one.proxied) socket.once("connect", () => speak(socket, one));
    else {
      socket.write(`CONNECT ${one.host}:443 HTTP/1.1\r\nHost: ${one.host}:443\r\n\r\n`);
      socket.once("data", () => speak(socket, one));
    }
  });
}

function leave(socket: Socket, { leaves }: Case): void {
  if (leaves !== "ends" || socket.writableEnded)
    return void (leaves === "resets" ? resetSocket(socket) : socket.destroy());
  socket.end();
  socket.setTimeout(SILENCE_MS, () => socket.destroy());
}

function speak(socket: Socket, one: Case): void {
  if (one.garbage !== null) return void socket.resume().write(one.garbage);
  const tls = tlsConnect({ socket, rejectUnauthorized: false, servername: one.serverName, ALPNProtocols: one.alpn });
  takeOver(socket, tls);
  tls.on("error", () => {});
  tls.once("secureConnect", () => {
    socket.setTimeout(SILENCE_MS);
    writeAll(tls, one);
  });
}

function writeAll(tls: TLSSocket, { pieces, afterUpgrade, reads }: Case): void {
  let upgraded = false;
  let heard = "";
  if (reads)
    tls.on("data", (chunk: Buffer) => {
      if (afterUpgrade === null || upgraded) return;
      heard = (heard + chunk.toString("latin1")).slice(0, 4096);
      upgraded = heard.startsWith("HTTP/1.1 101");
      if (upgraded) tls.write(afterUpgrade);
    });
  let at = 0;
  const next = () => {
    const piece = pieces[at];
    at += 1;
    if (piece === undefined || tls.destroyed) return;
    tls.write(piece, () => setImmediate(next));
  };
  next();
}
