import { Transform } from "node:stream";
import { canonicalHost } from "@creel/policy";
import { type ClientHello, readClientHello, readSecondHello } from "./clientHello.ts";
import { CLIENT_HELLO_BYTES_MAX } from "./limits.ts";
import { readServerStart, SERVER_START_BYTES_MAX } from "./serverStart.ts";
import { createWordSearch, hearsOnlyLines, mayStartTls, recordStart } from "./startTls.ts";

/**
 * Holds a client's first bytes until it is known that they are not TLS, or TLS for this host. Threat: a name hidden from us and read by
 * the server, in the first message or in the second that TLS 1.3 lets a server ask for. Invariant: every ClientHello that the server
 * may obey names this host and nothing hidden; errors with the reason otherwise.
 */
export interface ServerNameGate {
  gate: Transform;
  /** What the server sent, as it arrives; nothing of it is changed. */
  hear(chunk: Buffer): void;
}

type Stage =
  /** Waits for the first ClientHello, or for bytes that are none. */
  | "first"
  /** It went out; what the server says of it decides whether a second may follow. */
  | "answer"
  /** The server asked for a second. */
  | "second"
  /** It is no TLS so far; a word of its protocol may lead there. */
  | "words"
  /** That word was said, or may be said in ways that we would not see. */
  | "said"
  | "open";

/** A Postgres client asks for TLS in eight bytes of its own and then begins as every TLS client does. */
const POSTGRES_TLS_REQUEST = Buffer.from("0000000804d2162f", "hex");

export function serverNameGate(host: string): ServerNameGate {
  let stage: Stage = "first";
  let held: Buffer = Buffer.alloc(0);
  let heard: Buffer = Buffer.alloc(0);
  /** The server's next byte is its answer to Postgres's request and no TLS. */
  let letterComes = false;
  /** Lines of text may come from the server before its first TLS record. */
  let textComes = false;
  const words = createWordSearch();
  /** Goes on with what waits for the server's answer. */
  let resume: (() => void) | null = null;

  function hear(chunk: Buffer): void {
    if (stage === "second" || stage === "open" || chunk.length === 0) return;
    const said = textComes && stage === "answer" ? recordsOf(chunk) : letterComes ? chunk.subarray(1) : chunk;
    letterComes = false;
    const room = SERVER_START_BYTES_MAX - heard.length;
    // Not the whole of a large chunk: this is called for all that is downloaded.
    if (room > 0) heard = Buffer.concat([heard, said.subarray(0, room)]);
    resume?.();
  }

  function recordsOf(chunk: Buffer): Buffer {
    const at = recordStart(chunk);
    if (at >= 0) textComes = false;
    return at < 0 ? Buffer.alloc(0) : chunk.subarray(at);
  }

  /** What may go out now; the rest stays held. Null: the server must speak first. */
  function advance(): Buffer | null {
    switch (stage) {
      case "first":
        return first();
      case "answer":
        return answer();
      case "second":
        return second();
      case "words":
        return unsaid();
      case "said":
        return said();
      case "open":
        return take(held.length);
    }
  }

  function take(bytes: number): Buffer {
    const taken = held.subarray(0, bytes);
    held = held.subarray(bytes);
    return taken;
  }

  function opened(): Buffer {
    stage = "open";
    heard = Buffer.alloc(0);
    return take(held.length);
  }

  const wait = (): Buffer => {
    if (held.length >= CLIENT_HELLO_BYTES_MAX * 2) throw new Error("The TLS handshake does not come to an end.");
    return Buffer.alloc(0);
  };

  function first(): Buffer | null {
    if (held.length < POSTGRES_TLS_REQUEST.length && POSTGRES_TLS_REQUEST.subarray(0, held.length).equals(held))
      return wait();
    if (held.subarray(0, POSTGRES_TLS_REQUEST.length).equals(POSTGRES_TLS_REQUEST)) {
      letterComes = true;
      const request = take(POSTGRES_TLS_REQUEST.length);
      return held.length === 0 ? request : Buffer.concat([request, first() ?? Buffer.alloc(0)]);
    }
    const hello = readClientHello(held);
    if (hello.state === "not-tls") {
      stage = "words";
      return Buffer.alloc(0);
    }
    if (hello.state === "incomplete") return wait();
    const bytes = checkedBytes(hello);
    heard = Buffer.alloc(0);
    stage = "answer";
    return take(bytes);
  }

  function unsaid(): Buffer {
    if (!mayStartTls(heard)) return opened();
    const end = hearsOnlyLines(heard) ? 0 : words.endIn(held, heard);
    if (end === null) return take(held.length);
    stage = "said";
    return take(end);
  }

  function said(): Buffer {
    if (!mayStartTls(heard)) return opened();
    for (let at = recordStart(held); at >= 0; at = recordStart(held, at + 1)) {
      const hello = readClientHello(held.subarray(at));
      if (hello.state === "not-tls") continue;
      if (hello.state === "incomplete") return held.length - at < CLIENT_HELLO_BYTES_MAX * 2 ? take(at) : wait();
      const bytes = checkedBytes(hello);
      heard = Buffer.alloc(0);
      textComes = true;
      stage = "answer";
      return take(at + bytes);
    }
    return take(held.length);
  }

  function answer(): Buffer | null {
    const start = readServerStart(heard);
    if (start === "incomplete") return null;
    if (start === "other") return opened();
    stage = "second";
    return second();
  }

  function second(): Buffer {
    const hello = readSecondHello(held);
    if (hello.state === "incomplete") return wait();
    checkedBytes(hello);
    return opened();
  }

  /** The bytes of a hello that names this host; throws the reason why not. */
  function checkedBytes(hello: ClientHello): number {
    if (hello.state !== "complete")
      throw new Error("The TLS handshake is not written plainly; its server name cannot be judged.");
    if (hello.hidesName)
      throw new Error("The TLS handshake encrypts the name it asks for (ECH), so it cannot be judged.");
    const { serverName } = hello;
    if (serverName !== null && canonicalHost(serverName) !== host)
      throw new Error(`The TLS server name is ${serverName}, the connection is to ${host}.`);
    return hello.bytes;
  }

  function drain(gate: Transform, done: (error?: Error) => void): void {
    try {
      for (;;) {
        const before: Stage = stage;
        const out = advance();
        if (out !== null && out.length > 0) gate.push(out);
        // What is held behind the hello waits until the server has answered it.
        if (out === null) {
          resume = () => {
            resume = null;
            drain(gate, done);
          };
          return;
        }
        if (held.length === 0 || stage === before) break;
      }
      done();
    } catch (error) {
      done(error instanceof Error ? error : new Error("unknown"));
    }
  }

  const gate = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (stage === "open") return done(null, chunk);
      held = Buffer.concat([held, chunk]);
      drain(this, done);
    },
    flush(done) {
      done(null, held);
    },
  });
  return { gate, hear };
}
