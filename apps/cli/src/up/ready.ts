import { readFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CliError } from "../exit.ts";
import type { HomePaths } from "./home.ts";

const POLL_MS = 100;
const LOG_TAIL_LINES = 15;

/** Waits until a program answers; the end of its log stands in the error when it never does. */
export async function untilReady(
  what: { name: string; timeoutMs: number; paths: HomePaths; signal: AbortSignal },
  ask: () => Promise<boolean>,
): Promise<void> {
  const deadline = Date.now() + what.timeoutMs;
  while (Date.now() < deadline) {
    what.signal.throwIfAborted();
    if (await ask().catch(() => false)) return;
    await delay(POLL_MS);
  }
  const log = join(what.paths.logs, `${what.name}.log`);
  throw new CliError(`${what.name} did not become ready within ${what.timeoutMs / 1000} s`, {
    place: log,
    remedy: `The end of its log:\n${tail(log)}`,
  });
}

export function tail(file: string): string {
  try {
    return readFileSync(file, "utf8").trimEnd().split("\n").slice(-LOG_TAIL_LINES).join("\n");
  } catch {
    return "(it has written nothing)";
  }
}

export const webAnswers = async (webUrl: string): Promise<boolean> => (await fetch(`${webUrl}/api/healthz`)).ok;

/** Asks the hub over TLS, trusting the deployment CA alone. */
export function hubAnswers(port: number, caPem: string): Promise<boolean> {
  return new Promise((resolve) => {
    const call = httpsRequest(
      { host: "127.0.0.1", port, path: "/healthz", ca: caPem, agent: false, timeout: 2_000 },
      (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      },
    );
    call.once("timeout", () => call.destroy());
    call.once("error", () => resolve(false));
    call.end();
  });
}
