import { once } from "node:events";
import { createSecureServer } from "node:http2";
import { createServer } from "node:net";
import { createLeaves } from "../../packages/gateway/src/ca/leaves.ts";
import { createSandboxCa } from "../../packages/gateway/src/index.ts";

export interface Upstream {
  caPem: string;
  port: number;
  tcpPort: number;
}

/** As small as most answers that agents ask for. */
const ANSWER = JSON.stringify({
  items: Array.from({ length: 8 }, (_, id) => ({ id, name: `item ${id}`, open: true })),
});
const CHUNK = Buffer.alloc(256 * 1024, 0x61);

export const portOf = (server: { address(): string | { port: number } | null }): number => {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
};

/** A server of HTTP/1.1 and HTTP/2 over TLS, and one that sends as many bytes as it is asked for. */
export async function upstream(): Promise<Upstream> {
  const ca = await createSandboxCa({ name: "upstream" });
  const leaves = createLeaves({ ca, now: Date.now });
  const server = createSecureServer(
    {
      allowHTTP1: true,
      SNICallback: (name, done) => {
        leaves.contextFor(name).then(
          (context) => done(null, context),
          (error: Error) => done(error),
        );
      },
    },
    (request, response) => {
      request.resume();
      response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(ANSWER) });
      response.end(ANSWER);
    },
  );
  const source = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.once("data", (asked) => {
      let left = Number(asked.toString());
      const fill = () => {
        while (left > 0) {
          const chunk = CHUNK.subarray(0, left);
          left -= chunk.length;
          if (!socket.write(chunk)) return;
        }
        socket.end();
      };
      socket.on("drain", fill);
      fill();
    });
  });
  server.listen(0, "127.0.0.1");
  source.listen(0, "127.0.0.1");
  await Promise.all([once(server, "listening"), once(source, "listening")]);
  return { caPem: ca.certificatePem, port: portOf(server), tcpPort: portOf(source) };
}
