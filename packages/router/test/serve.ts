import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { InferenceInfo, Router } from "../src/index.ts";

export interface Served {
  url: string;
  /** What each handled request turned out to be, in order of arrival. */
  infos: InferenceInfo[];
  close(): Promise<void>;
}

/** A plain HTTP server that hands each request to the router, as the gateway does after judging it. */
export async function serve(router: Router): Promise<Served> {
  const infos: InferenceInfo[] = [];
  const server = createServer(async (request, response) => {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const answer = await router.handle({
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers,
      body: Buffer.concat(chunks),
      signal: gone.signal,
    });
    infos.push(answer.info);
    response.writeHead(answer.status, answer.headers);
    if (Buffer.isBuffer(answer.body)) return void response.end(answer.body);
    response.flushHeaders();
    await pipeline(Readable.from(answer.body, { objectMode: true, highWaterMark: 1 }), response).catch(() => {
      response.destroy();
    });
  });
  return { url: await listen(server), infos, close: () => closeServer(server) };
}

export async function listen(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the test server has no port");
  return `http://127.0.0.1:${address.port}`;
}

export async function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}
