import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { closeServer, listen } from "./serve.ts";

export interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage["headers"];
  body: string;
}

export interface Upstream {
  url: string;
  seen: Seen[];
  /** Answers that the other side broke off before they ended. */
  aborted: number;
  close(): Promise<void>;
}

/** A small real HTTP server in the place of a provider; `answer` writes what the test wants. */
export async function startUpstream(answer: (response: ServerResponse, seen: Seen) => unknown): Promise<Upstream> {
  const upstream: Upstream = { url: "", seen: [], aborted: 0, close: () => closeServer(server) };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method = "", url = "", headers } = request;
    const seen = { method, url, headers, body: Buffer.concat(chunks).toString() };
    upstream.seen.push(seen);
    response.once("close", () => {
      if (!response.writableFinished) upstream.aborted += 1;
    });
    await answer(response, seen);
  });
  upstream.url = await listen(server);
  return upstream;
}
