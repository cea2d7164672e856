import type { Socket } from "node:net";
import { FIRST_BYTES_TIMEOUT_MS } from "./limits.ts";

/** What a client's first byte announces. `silent`: nothing came; `closed`: it went away. */
export type FirstBytes = "tls" | "http" | "other" | "silent" | "closed";

const TLS_HANDSHAKE = 0x16;
const LETTER_A = 0x41;
const LETTER_Z = 0x5a;

/** Looks and puts back. Every HTTP method begins with a capital letter (RFC 9110 9.1 and the parser's own list). */
export function peekFirstBytes(socket: Socket): Promise<FirstBytes> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => finish("silent"), FIRST_BYTES_TIMEOUT_MS);
    const onReadable = () => {
      const chunk: Buffer | null = socket.read();
      if (chunk === null) return;
      const first = chunk[0] ?? 0;
      socket.unshift(chunk);
      if (first === TLS_HANDSHAKE) return finish("tls");
      finish(first >= LETTER_A && first <= LETTER_Z ? "http" : "other");
    };
    const onClosed = () => finish("closed");
    function finish(result: FirstBytes): void {
      clearTimeout(timer);
      socket.off("readable", onReadable);
      socket.off("end", onClosed);
      socket.off("close", onClosed);
      resolve(result);
    }
    socket.on("readable", onReadable);
    socket.once("end", onClosed);
    socket.once("close", onClosed);
  });
}
