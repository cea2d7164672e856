import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { TLSSocket, connect as tlsConnect } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createLeaves } from "../src/ca/leaves.ts";
import { createSandboxCa } from "../src/index.ts";
import { serverNameGate } from "../src/serverNameGate.ts";
import { closed } from "./support/client.ts";
import { helloOf } from "./support/hello.ts";
import { createWorld, portOf, type World } from "./support/world.ts";

/** TLS that begins after a word of the protocol's own: a server of many names obeys the name inside, so it is held to what was judged. */
const HOST = "mail.example.com";
const EVIL = "evil.example.com";
const POLICY = `version: 1
network_policies:
  mail:
    endpoints:
      - { host: ${HOST}, port: 587, protocol: tcp }
    binaries:
      - path: /usr/bin/curl
`;
const CHANGE_CIPHER_SPEC = Buffer.from("140303000101", "hex");

/** What each protocol's server says first, the client's word for TLS and the server's leave. */
const WAYS = {
  smtp: { greeting: "220 mail ESMTP\r\n", word: "STARTTLS\r\n", leave: "220 go ahead\r\n" },
  imap: { greeting: "* OK ready\r\n", word: "a1 starttls\r\n", leave: "a1 OK begin\r\n" },
  pop3: { greeting: "+OK ready\r\n", word: "STLS\r\n", leave: "+OK begin\r\n" },
  irc: { greeting: ":irc NOTICE * :hi\r\n", word: "STARTTLS\r\n", leave: ":irc 670 * :begin\r\n" },
  acap: { greeting: '* ACAP (IMPLEMENTATION "x")\r\n', word: "a1 STARTTLS\r\n", leave: "a1 OK begin\r\n" },
  "a server that sends a blank line first": { greeting: "\r\n220 x\r\n", word: "STARTTLS\r\n", leave: "220 begin\r\n" },
  ftp: { greeting: "220-welcome\r\n220 ready\r\n", word: "AUTH TLS\r\n", leave: "234 begin\r\n" },
} as const;
type Way = keyof typeof WAYS;

let world: World;
let server: Server;
let way: Way;
let ca: Awaited<ReturnType<typeof createSandboxCa>>;
/** Names for which the server began TLS. */
let asked: string[];
let peers: Socket[];
/** A group that no client offers in advance makes every handshake ask for a second hello. */
let curve: string | undefined;

beforeEach(async () => {
  asked = [];
  peers = [];
  way = "smtp";
  curve = undefined;
  ca = await createSandboxCa({ name: "upstream" });
  const leaves = createLeaves({ ca, now: Date.now });
  const context = await leaves.contextFor(HOST);
  server = createServer((peer) => {
    const { greeting, word, leave } = WAYS[way];
    peers.push(peer);
    peer.on("error", () => {});
    peer.write(greeting);
    let line = "";
    const onText = (chunk: Buffer) => {
      line += chunk.toString("latin1");
      if (!line.startsWith(word) && !line.includes(`\n${word}`)) return;
      // As most servers do: what came behind the word is thrown away, and TLS begins with what comes next.
      peer.off("data", onText);
      peer.pause();
      peer.write(leave);
      const secure = new TLSSocket(peer, {
        isServer: true,
        ...(curve === undefined ? {} : { ecdhCurve: curve, minVersion: "TLSv1.3" as const }),
        SNICallback: (name, done) => {
          asked.push(name);
          done(null, context);
        },
      });
      secure.on("error", () => {});
      secure.once("secure", () => secure.write("through"));
    };
    peer.on("data", onText);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  world = await createWorld({ yaml: POLICY, resolve: { [`${HOST}:587`]: `127.0.0.1:${portOf(server)}` } });
});
afterEach(async () => {
  await world.close();
  for (const peer of peers) peer.destroy();
  server.close();
});

async function greeted(): Promise<Socket> {
  const socket = connect(await world.door(HOST, 587), "127.0.0.1");
  socket.on("error", () => {});
  await once(socket, "data");
  return socket;
}

async function handshake(socket: Socket, servername: string): Promise<string> {
  const tls = tlsConnect({ socket, servername, ca: ca.certificatePem });
  tls.on("error", () => {});
  const read = once(tls, "data").then(
    ([text]) => String(text),
    () => "cut",
  );
  return Promise.race([read, closed(socket).then(() => "cut")]).finally(() => socket.destroy());
}

const cutFor = (name: string) =>
  expect
    .poll(() => world.records.some(({ decision, reason }) => decision === "deny" && reason.includes(name)))
    .toBe(true);

describe.each(Object.keys(WAYS) as Way[])("TLS after the word of %s", (name) => {
  beforeEach(() => {
    way = name;
  });

  it("passes for the host that was judged, with a second hello or without", async () => {
    for (const group of [undefined, "P-521"]) {
      curve = group;
      const socket = await greeted();
      socket.write(WAYS[name].word);
      await once(socket, "data");
      expect(await handshake(socket, HOST)).toBe("through");
    }
  });

  it("is cut for another name, and its server never hears it", async () => {
    const socket = await greeted();
    socket.write(WAYS[name].word);
    await once(socket, "data");
    expect(await handshake(socket, EVIL)).toBe("cut");
    await cutFor(EVIL);
    expect(asked).not.toContain(EVIL);
  });
});

describe("another name inside STARTTLS is cut", () => {
  it.each([
    ["in one piece with the word", ["STARTTLS\r\n"]],
    ["behind more words, which servers throw away", ["STARTTLS\r\nNOOP\r\n"]],
    ["behind half a line", ["STARTTLS\r\nNO"]],
    ["behind a word that came in pieces", ["EHLO x\r\nSTA", "RTT", "LS\r\n"]],
    ["behind a mail that spoke of it", ["DATA\r\nabout STARTTLS\r\n.\r\n", "STARTTLS\r\n"]],
  ])("%s", async (_how, pieces) => {
    const socket = await greeted();
    for (const piece of pieces) {
      const read = (peers[0]?.bytesRead ?? 0) + piece.length;
      socket.write(Buffer.from(piece, "latin1"));
      await expect.poll(() => peers[0]?.bytesRead).toBe(read);
    }
    socket.write(await helloOf(EVIL));
    await closed(socket.resume());
    await cutFor(EVIL);
    expect(asked).not.toContain(EVIL);
  });

  it("in the second hello, that came before the server's leave", async () => {
    curve = "P-521";
    const socket = await greeted();
    socket.write("STARTTLS\r\n");
    // The leave is on its way while this hello goes out.
    socket.write(await helloOf(HOST));
    await expect.poll(() => asked).toContain(HOST);
    socket.write(Buffer.concat([CHANGE_CIPHER_SPEC, await helloOf(EVIL)]));
    await closed(socket.resume());
    await cutFor(EVIL);
  });

  it("also where every byte comes alone and the server's leave comes late", async () => {
    const [good, evil] = [await helloOf(HOST), await helloOf(EVIL)];
    const { gate, hear } = serverNameGate(HOST);
    const out: Buffer[] = [];
    gate.on("data", (chunk: Buffer) => out.push(chunk));
    const failed = once(gate, "error").catch((error: Error) => [error]);
    gate.on("error", () => {});
    const text = Buffer.from("EHLO x\r\nSTARTTLS\r\n");
    hear(Buffer.from("220 x\r\n"));
    for (const byte of Buffer.concat([text, good])) gate.write(Buffer.from([byte]));
    const retry = Buffer.concat([
      Buffer.from("160303005802000054" + "0303", "hex"),
      Buffer.from("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c", "hex"),
      Buffer.alloc(20),
    ]);
    for (const byte of Buffer.concat([Buffer.from("220 go\r\n"), retry])) hear(Buffer.from([byte]));
    for (const byte of Buffer.concat([CHANGE_CIPHER_SPEC, evil])) gate.write(Buffer.from([byte]));
    await failed;
    expect(Buffer.concat(out)).toEqual(Buffer.concat([text, good]));
  });
});

describe("another name behind FTP's word is cut however a server may read that word", () => {
  /** FTP is spoken on a Telnet connection: its commands are taken out of a line, and the line's words are split at any blanks. */
  it.each([
    ["plainly", ["AUTH TLS\r\n"]],
    ["behind many blanks", [`AUTH${" ".repeat(60)}TLS\r\n`]],
    ["behind many blanks in pieces", ["AUTH", " ".repeat(40), " ".repeat(40), "SSL\r\n"]],
    ["behind another blank", ["AUTH\vTLS\r\n"]],
    ["in quotes", ['AUTH "TLS"\r\n']],
    ["in quotes with an escape", ['AUTH "T\\LS"\r\n']],
    ["with an option of Telnet between its letters", ["AU\xff\xfb\x01TH TLS\r\n"]],
    ["with an option that comes in pieces", ["AU\xff", "\xfb", "\x01TH TLS\r\n"]],
    ["with a command of Telnet between its letters", ["AUTH T\xff\xf1LS\r\n"]],
    ["with an unknown command of Telnet", ["AUTH T\xff\x41LS\r\n"]],
    ["with a zero byte", ["AU\0TH TLS\r\n"]],
  ])("%s", async (_how, pieces) => {
    const evil = await helloOf(EVIL);
    // The program may be quicker than the server's greeting, or than the rest of it.
    for (const greeting of ["220 x\r\n", "\r\n220-x\r\n", "120 wait\r\n", "22", ""]) {
      const { gate, hear } = serverNameGate(HOST);
      const out: Buffer[] = [];
      gate.on("data", (chunk: Buffer) => out.push(chunk));
      const over = once(gate, "end").then(
        () => "it passed",
        (error: Error) => error.message,
      );
      hear(Buffer.from(greeting));
      for (const piece of pieces) gate.write(Buffer.from(piece, "latin1"));
      gate.end(evil);
      expect(await over, greeting).toContain(EVIL);
      expect(Buffer.concat(out).includes(evil)).toBe(false);
    }
  });
});

describe("what is no TLS", () => {
  /** What a gate lets out of these bytes where a server greeted so; rejects with its reason. */
  async function through(greeting: string, bytes: Buffer): Promise<Buffer> {
    const { gate, hear } = serverNameGate(HOST);
    const out: Buffer[] = [];
    gate.on("data", (chunk: Buffer) => out.push(chunk));
    hear(Buffer.from(greeting));
    gate.end(bytes);
    await once(gate, "end");
    return Buffer.concat(out);
  }

  it("passes whole: a mail that speaks of STARTTLS, and bytes of any kind where no server knows the word", async () => {
    const mail = Buffer.from("DATA\r\nSubject: STARTTLS\r\n\r\nSTARTTLS\r\nis a word.\r\n.\r\nQUIT\r\n");
    expect(await through("220 x\r\n", mail)).toEqual(mail);
    const evil = await helloOf(EVIL);
    for (const greeting of ["SSH-2.0-x\r\n", "HTTP/1.1 200 OK\r\n", "J\0\0\0\n8.0"]) {
      const bytes = Buffer.concat([Buffer.from("x STARTTLS\r\n"), evil]);
      expect(await through(greeting, bytes)).toEqual(bytes);
    }
    for (const between of ["", "NOOP\r\n", "\x16\x7f", "\x14\x03\x03\x00\x01\x01"]) {
      const bytes = Buffer.concat([Buffer.from(`x STARTTLS\r\n${between}`, "latin1"), evil]);
      await expect(through("220 x\r\n", bytes)).rejects.toThrow(EVIL);
    }
  });
});
