import { Transform } from "node:stream";
import { canonicalHost } from "@creel/policy";
import { readClientHello } from "./clientHello.ts";
import { CLIENT_HELLO_BYTES_MAX } from "./limits.ts";

/** Holds a client's first bytes until it is known that they are not TLS, or TLS for this host; errors with the reason otherwise. */
export function serverNameGate(host: string): Transform {
  let held: Buffer | null = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (held === null) return done(null, chunk);
      held = Buffer.concat([held, chunk]);
      const hello = readClientHello(held);
      if (hello.state === "incomplete" && held.length < CLIENT_HELLO_BYTES_MAX * 2) return done();
      if (hello.state === "incomplete") return done(new Error("The TLS handshake does not come to an end."));
      if (hello.state === "unreadable")
        return done(new Error("The TLS handshake is not written plainly; its server name cannot be judged."));
      const named = hello.state === "complete" ? hello.serverName : null;
      if (named !== null && canonicalHost(named) !== host) {
        return done(new Error(`The TLS server name is ${named}, the connection is to ${host}.`));
      }
      const first = held;
      held = null;
      done(null, first);
    },
    flush(done) {
      done(null, held);
    },
  });
}
