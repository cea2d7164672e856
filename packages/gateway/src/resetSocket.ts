import type { Socket } from "node:net";

/**
 * RST, so that a half-sent answer is never taken for a whole one. Not by `resetAndDestroy`: it ends the socket first, which waits for a
 * client that does not read, and when such a client then resets, libuv refuses our reset (a shutdown is pending) and Node forgets the
 * handle unclosed: a descriptor of the host for good, and no "close" for whoever waits for it. What it sets is set here instead; a
 * socket that was ended already is closed plainly.
 */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return;
  if (!socket.writableEnded && !socket.connecting) Reflect.set(socket, "resetAndClosing", true);
  socket.destroy();
}
