import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { hostPort, publicLookup, urlProblem } from "@creel/notices/target";
import type { CustomFetch } from "openid-client";
import { ANSWER_BYTES_MAX, REQUEST_MS_MAX } from "./limits.ts";

/**
 * Threat: an org's owner names an issuer inside our own network, or one whose metadata or name leads there, and has this server ask
 * it. Invariant: every request of a sign-in, whatever document named its URL, goes by https to a public address, and the address
 * that is judged is the one that is connected to; no redirect is followed; time and size are bounded. What the operator of this
 * installation lists by `host:port` is reached as it is.
 */
export const guardedFetch =
  (trusted: readonly string[]): CustomFetch =>
  async (address, { method, headers, body }) => {
    const problem = urlProblem(address, trusted);
    if (problem !== null) throw new Error(`The provider's URL ${problem}.`);
    const url = new URL(address);
    const send = url.protocol === "https:" ? requestHttps : requestHttp;
    return await new Promise<Response>((resolve, reject) => {
      const request = send(
        url,
        {
          method,
          agent: false,
          headers: { ...headers, "user-agent": "Creel", "accept-encoding": "identity" },
          ...(trusted.includes(hostPort(url)) ? {} : { lookup: publicLookup }),
          signal: AbortSignal.timeout(REQUEST_MS_MAX),
        },
        (answer) => {
          const pieces: Buffer[] = [];
          let read = 0;
          answer.on("data", (piece: Buffer) => {
            read += piece.length;
            if (read > ANSWER_BYTES_MAX) answer.destroy(new Error("The provider's answer is too large."));
            else pieces.push(piece);
          });
          answer.on("error", reject);
          answer.on("end", () => resolve(responseOf(answer.statusCode ?? 0, answer.headers, Buffer.concat(pieces))));
        },
      );
      request.on("error", reject);
      request.end(textOf(body));
    });
  };

function responseOf(status: number, headers: NodeJS.Dict<string | string[]>, body: Buffer): Response {
  // Others cannot be made with a body, and none of them is an answer to what was asked.
  if (status < 200 || status > 599) throw new Error(`The provider answered ${status}.`);
  const names = ["content-type", "www-authenticate", "cache-control"];
  const kept = names.flatMap((name): [string, string][] => {
    const value = headers[name];
    return typeof value === "string" ? [[name, value]] : [];
  });
  const bare = status === 204 || status === 205 || status === 304;
  return new Response(bare ? null : new Uint8Array(body), { status, headers: kept });
}

/** The client sends forms and nothing else. */
function textOf(body: Parameters<CustomFetch>[1]["body"]): string | undefined {
  if (body === null || body === undefined) return undefined;
  if (typeof body === "string") return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new Error("a body of a kind that a sign-in does not send");
}
