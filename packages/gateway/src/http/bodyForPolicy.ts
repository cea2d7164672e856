import type { IncomingMessage, ServerResponse } from "node:http";
import type { CheckedRequest } from "./checkRequest.ts";

/** Holds a body only where a rule judges bodies, and never more than the rule's own bound. Null: not needed, it streams. */
export async function bodyForPolicy(
  req: IncomingMessage,
  res: ServerResponse,
  request: CheckedRequest,
  bytesMax: number,
): Promise<Buffer | null | "too-large"> {
  if (bytesMax <= 0 || request.body === "none") return null;
  return readBody(req, res, bytesMax);
}

/** The whole body, or "too-large" as soon as that is known. Rejects when the client goes away. */
export function readBody(req: IncomingMessage, res: ServerResponse, bytesMax: number): Promise<Buffer | "too-large"> {
  if (req.headers.expect !== undefined) res.writeContinue();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    req.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bytesMax) {
        chunks.length = 0;
        resolve("too-large");
      } else chunks.push(chunk);
    });
    req.once("end", () => resolve(bytes > bytesMax ? "too-large" : Buffer.concat(chunks)));
    req.once("error", reject);
    req.once("close", () => reject(new Error("the client went away")));
  });
}
