import type { Socket } from "node:net";
import type { SandboxNetwork } from "./types.ts";

/** How much one sandbox has done on the network: a number that grows with every connection, every byte and every look-up. */
export interface Traffic {
  count(): number;
}

export function countTraffic(network: Pick<SandboxNetwork, "listener" | "dns">): Traffic {
  const open = new Set<Socket>();
  let ended = 0;
  const bytesOf = (socket: Socket): number => socket.bytesRead + socket.bytesWritten;
  network.listener.on("connection", (socket: Socket) => {
    open.add(socket);
    // The connection itself counts, so that one without a byte is seen too.
    ended += 1;
    socket.once("close", () => {
      open.delete(socket);
      ended += bytesOf(socket);
    });
  });
  network.dns.on("message", () => {
    ended += 1;
  });
  return {
    count() {
      let sum = ended;
      for (const socket of open) sum += bytesOf(socket);
      return sum;
    },
  };
}
