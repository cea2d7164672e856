import type { Socket } from "node:net";
import type { Duplex } from "node:stream";

/** What speaks TLS over a socket: it shuts the socket's handle down without the socket knowing. */
const above = new WeakMap<Socket, Duplex>();

/** Says that `secure` has taken over the handle of `socket`, for whoever resets it later. */
export const takeOver = (socket: Socket, secure: Duplex): void => void above.set(socket, secure);

/**
 * RST, so that a half-sent answer is never taken for a whole one. Not by `resetAndDestroy`: it ends the socket first, which waits for a
 * client that does not read, and when such a client then resets, libuv refuses our reset (a shutdown is pending) and Node forgets the
 * handle unclosed: a descriptor of the host for good, and no "close" for whoever waits for it. What it sets is set here instead; a
 * socket that was ended already, or whose TLS was, is closed plainly. Where TLS ends without its last word nobody takes it for whole.
 */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return;
  const ended = socket.writableEnded || above.get(socket)?.writableEnded;
  if (!ended && !socket.connecting) Reflect.set(socket, "resetAndClosing", true);
  socket.destroy();
}
