// What attack programs written for Node share. It runs inside the sandbox and is hostile: nothing here is believed by a witness.
import cp from "node:child_process";
import dgram from "node:dgram";
import dns from "node:dns/promises";
import fs from "node:fs";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import net from "node:net";
import tls from "node:tls";

export { cp, dgram, fs, http, http2, net, tls };

/** Only what is never answered takes so long. */
const LIMIT_MS = 20000;
/** What follows a first word comes in a few times what that took, on a busy machine too. */
const PATIENCE = 8;
export const host = (name) => `${name}.creel.example`;
export const say = (value) => console.log(typeof value === "string" ? value : JSON.stringify(value));
export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/** One request; resolves with {status, headers, body} or {failed}. */
export function ask(url, { method = "GET", headers = {}, body, ...more } = {}) {
  const web = url.startsWith("https:") ? https : http;
  return new Promise((done) => {
    const req = web.request(url, { method, headers, timeout: LIMIT_MS, agent: false, ...more }, (res) => {
      const chunks = [];
      res.on("data", (chunk) => chunks.push(chunk));
      const end = () =>
        done({
          status: res.statusCode,
          message: res.statusMessage,
          headers: res.headers,
          trailers: res.trailers,
          body: Buffer.concat(chunks).toString("latin1"),
        });
      res.on("end", end);
      res.on("error", end);
    });
    req.on("timeout", () => req.destroy(new Error("timeout")));
    req.on("error", (error) => done({ failed: error.code ?? error.message }));
    req.end(body);
  });
}

/** Looks a name up until it has an address, as often as a resolver that was flooded may need. */
export async function resolves(name) {
  let last = "";
  for (let tries = 0; tries < 20; tries++) {
    last = await lookup(name);
    if (!last.startsWith("failed")) break;
    await sleep(250);
  }
  return last;
}

/** Asks until it is answered with 200 again, as often as a loaded machine may need; what never recovers says so. */
export async function recovers(url) {
  let last = "";
  for (let tries = 0; tries < 40; tries++) {
    const r = await ask(url, { timeout: 5000 });
    last = r.failed ?? r.status;
    if (last === 200) break;
    await sleep(250);
  }
  return last;
}

export const lookup = (name, family = 4) =>
  dns.lookup(name, { family }).then(
    (r) => r.address,
    (e) => `failed ${e.code}`,
  );

/**
 * Until the other side says nothing for `ms` (on a busy machine for longer, as its first word tells), closes, or what came back matches
 * `until`. A first word that never comes is waited for until `firstMs`.
 */
function talk(socket, ready, bytes, { ms, firstMs = LIMIT_MS, until }) {
  const began = performance.now();
  let quietMs = 0;
  return new Promise((done) => {
    let text = "";
    const finish = (how) => {
      clearTimeout(timer);
      socket.destroy();
      done(`${how} ${text}`);
    };
    let timer = setTimeout(() => finish("late"), firstMs);
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      quietMs ||= Math.max(ms, PATIENCE * (performance.now() - began));
      clearTimeout(timer);
      timer = setTimeout(() => finish("late"), quietMs);
      if (until?.test(text)) finish("answered");
    });
    socket.on(ready, () => {
      for (const part of [bytes].flat()) socket.write(part);
    });
    socket.on("error", (error) => finish(`failed ${error.code ?? error.message}`));
    socket.on("close", () => finish("closed"));
  });
}

/** Bytes as they are over TCP; resolves with how it ended and what came back. */
export const rawTcp = (address, port, bytes = "GET / HTTP/1.1\r\nHost: x\r\n\r\n", ms = 1500, firstMs = LIMIT_MS) =>
  talk(net.connect({ host: address, port }), "connect", bytes, { ms, firstMs });

/** Bytes as they are inside TLS. */
export const rawTls = (name, bytes, { port = 443, ms = 1500, firstMs, until, ...options } = {}) =>
  talk(
    tls.connect({ host: name, port, servername: name, ...options }),
    "secureConnect",
    [bytes].flat().map((t) => (typeof t === "string" ? t.replaceAll("\n", "\r\n") : t)),
    { ms, firstMs, until },
  );

/** One frame of HTTP/2. */
export function h2Frame(type, flags, stream, payload = Buffer.alloc(0)) {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const h2Length = (text) => {
  const bytes = Buffer.from(text, "latin1");
  const size =
    bytes.length < 127 ? [bytes.length] : [127, ((bytes.length - 127) & 127) | 128, (bytes.length - 127) >> 7];
  return Buffer.concat([Buffer.from(size), bytes]);
};
/** A head of HTTP/2 without any compression, so that it may hold what no client would write. */
export const h2Block = (lines) =>
  Buffer.concat(lines.map(([name, value]) => Buffer.concat([Buffer.from([0]), h2Length(name), h2Length(value)])));

/** Frames as they are, behind the preface and empty settings; resolves like rawTls. */
export const h2Raw = (name, frames, options = {}) =>
  rawTls(name, [Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), h2Frame(4, 0, 0), ...frames], {
    ALPNProtocols: ["h2"],
    ...options,
  });

/** A masked frame of a WebSocket client. */
export function wsFrame(text, { opcode = 1, final = true } = {}) {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([(final ? 128 : 0) | opcode, 128 | bytes.length, 0, 0, 0, 0]), bytes]);
}
export const wsTalk = (name, path, frames, options = {}) =>
  rawTls(
    name,
    [
      `GET ${path} HTTP/1.1\nHost: ${name}\nConnection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\nSec-WebSocket-Version: 13\n\n`,
      ...frames,
    ],
    options,
  );

/** A DNS packet as it is to whatever resolver; resolves with the answer in hex, or "silent". */
export function dnsRaw(packet, { address = "127.0.0.1", port = 53, ms = LIMIT_MS } = {}) {
  return new Promise((done) => {
    const socket = dgram.createSocket(net.isIPv6(address) ? "udp6" : "udp4");
    const finish = (text) => {
      clearTimeout(timer);
      try {
        socket.close();
      } catch {}
      done(text);
    };
    const timer = setTimeout(() => finish("silent"), ms);
    socket.on("message", (bytes) => finish(bytes.toString("hex")));
    socket.on("error", (error) => finish(`failed ${error.code}`));
    socket.send(packet, port, address, (error) => error && finish(`failed ${error.code}`));
  });
}
