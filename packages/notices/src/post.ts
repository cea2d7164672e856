import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { hostPort, publicLookup, urlProblem } from "./guard.ts";
import { ANSWER_BYTES_MAX, ATTEMPT_MS_MAX, RETRY_AFTER_MS_MAX } from "./limits.ts";
import type { Outcome } from "./types.ts";

/** Statuses by which a receiver says that this will never work; 429 and 408 ask for another try. */
const isPermanent = (status: number): boolean => status >= 400 && status < 500 && status !== 408 && status !== 429;

/** One POST of JSON: a connection of its own, no redirect, bounded in time. Reasons never hold the URL, which may be a credential. */
export async function postJson(call: {
  url: string;
  body: string;
  headers: Record<string, string>;
  trusted: readonly string[];
}): Promise<Outcome> {
  const problem = urlProblem(call.url, call.trusted);
  if (problem !== null) return failed(`The URL ${problem}.`, true);
  const url = new URL(call.url);
  const body = Buffer.from(call.body, "utf8");
  return await new Promise<Outcome>((resolve) => {
    const send = url.protocol === "https:" ? requestHttps : requestHttp;
    const request = send(
      url,
      {
        method: "POST",
        agent: false,
        headers: {
          ...call.headers,
          "content-type": "application/json; charset=utf-8",
          "content-length": String(body.length),
          "user-agent": "Creel",
        },
        ...(call.trusted.includes(hostPort(url)) ? {} : { lookup: publicLookup }),
        signal: AbortSignal.timeout(ATTEMPT_MS_MAX),
      },
      (answer) => {
        const status = answer.statusCode ?? 0;
        let read = 0;
        answer.on("data", (piece: Buffer) => {
          read += piece.length;
          if (read > ANSWER_BYTES_MAX) answer.destroy();
        });
        answer.on("error", () => {});
        answer.on("close", () => {
          request.destroy();
          if (status >= 200 && status < 300) resolve({ sent: true });
          else
            resolve(failed(`It answered ${status}.`, isPermanent(status), retryAfter(answer.headers["retry-after"])));
        });
      },
    );
    request.on("error", (error) => resolve(failed(whyOf(error), false)));
    request.end(body);
  });
}

const failed = (reason: string, permanent: boolean, retryAfterMs: number | null = null): Outcome => ({
  sent: false,
  reason,
  permanent,
  retryAfterMs,
});

function whyOf(error: Error & { code?: string }): string {
  if (error.name === "TimeoutError" || error.name === "AbortError")
    return `It did not answer within ${ATTEMPT_MS_MAX / 1000} seconds.`;
  if (error.message.includes("not public")) return "Its name leads to an address that is not public.";
  return `It could not be reached (${error.code ?? "unknown error"}).`;
}

function retryAfter(header: string | undefined): number | null {
  const seconds = header === undefined || !/^\d{1,9}$/.test(header) ? null : Number(header);
  return seconds === null ? null : Math.min(seconds * 1000, RETRY_AFTER_MS_MAX);
}
