import { isUtf8 } from "node:buffer";
import type { Call } from "./call.ts";
import type { CheckedRequest } from "./checkRequest.ts";

/**
 * A judge that decodes leniently reads other words in such bytes than a server that decodes otherwise (an overlong quote ends a text for
 * one of them). Only what may be read as JSON is judged by its words.
 */
export function isUnreadable({ headers }: CheckedRequest, body: Buffer): boolean {
  const type = headers.find(([name]) => name.toLowerCase() === "content-type")?.[1];
  return (type === undefined || /json/i.test(type)) && !isUtf8(body);
}

/** Holds a body only where a rule judges bodies, and never more than the rule's own bound. Null: not needed, it streams. */
export async function bodyForPolicy(
  call: Call,
  request: CheckedRequest,
  bytesMax: number,
): Promise<Buffer | null | "too-large"> {
  if (bytesMax <= 0 || request.body === "none") return null;
  return readBody(call, bytesMax);
}

/** The whole body, or "too-large" as soon as that is known. Rejects when the client goes away. */
export function readBody(call: Call, bytesMax: number): Promise<Buffer | "too-large"> {
  call.sayContinue();
  const { body } = call;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    body.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > bytesMax) {
        chunks.length = 0;
        resolve("too-large");
      } else chunks.push(chunk);
    });
    body.once("end", () => {
      if (!call.whole()) reject(new Error("the client went away"));
      else resolve(bytes > bytesMax ? "too-large" : Buffer.concat(chunks));
    });
    body.once("error", reject);
    body.once("close", () => reject(new Error("the client went away")));
  });
}
