/**
 * The demo's little world: two HTTPS hosts on the loopback interface, so that what the demo agent may reach and what it may not both
 * answer on a machine without internet. Their certificate comes from a CA that only the demo node's gateway is told to trust.
 */
import { createServer, type Server } from "node:https";
import { join } from "node:path";
import { makeAuthority, makeServerCertificate } from "./certificates.ts";
import { type HomePaths, writePrivate } from "./home.ts";
import { answer } from "./world-pages.ts";

const WORLD_HOSTS = ["tickets.creel.example", "paste.creel.example"] as const;
const DAYS = 397;
const BODY_BYTES_MAX = 64 * 1024;

export interface World {
  port: number;
  /** The CA's certificate file, for the node's gateway. */
  caFile: string;
  /** Operator settings for the node: where the two hosts really are. */
  resolve: Record<string, string>;
  close(): Promise<void>;
}

/** Starts it with a certificate made for this run; the CA's key is forgotten at once. */
export async function startWorld(paths: HomePaths): Promise<World> {
  const authority = await makeAuthority("Creel demo world", DAYS);
  const leaf = await makeServerCertificate(authority, { dns: [...WORLD_HOSTS], ip: [] }, DAYS);
  const caFile = join(paths.world, "ca.crt");
  writePrivate(caFile, authority.certPem);
  const server: Server = createServer({ cert: leaf.certPem, key: leaf.keyPem }, (request, response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX) request.destroy();
      else chunks.push(chunk);
    });
    request.on("end", () => {
      const host = (request.headers.host ?? "").split(":")[0] ?? "";
      const { status, body } = answer({
        host,
        method: request.method ?? "GET",
        path: (request.url ?? "/").split("?")[0] ?? "/",
        body: Buffer.concat(chunks).toString("utf8"),
      });
      const text = `${JSON.stringify(body)}\n`;
      response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
      response.end(text);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    port,
    caFile,
    resolve: Object.fromEntries(WORLD_HOSTS.map((host) => [`${host}:443`, `127.0.0.1:${port}`])),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
