import { execFile } from "node:child_process";
import { CREDENTIAL_COMMAND_TIMEOUT_MS, CREDENTIAL_VALUE_CHARS_MAX } from "../../limits.ts";
import { type CredentialSource, CredentialUnavailable } from "../credential.ts";
import { type Obtained, refreshingSource } from "./refreshing.ts";

/**
 * What a program of the host prints: the value alone, or `{"value": …, "expires_at": …}` with an ISO time or seconds since 1970.
 * Started without a shell, so nothing in it is read as one; what it says on stderr goes nowhere, because it may be a secret.
 */
export function commandSource(options: {
  name: string;
  argv: readonly [string, ...string[]];
  env: Readonly<Record<string, string | undefined>>;
  /** How long a value without an end of its own is used. */
  lifetimeMs: number;
  now: () => number;
  onProblem?: (problem: string) => void;
}): CredentialSource {
  const { argv, env, lifetimeMs, now } = options;
  return refreshingSource({
    ...options,
    obtain: async () => readOutput(await outputOf(argv, env), now() + lifetimeMs),
  });
}

function outputOf([program, ...args]: readonly [string, ...string[]], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve, reject) => {
    const limits = {
      timeout: CREDENTIAL_COMMAND_TIMEOUT_MS,
      killSignal: "SIGKILL" as const,
      maxBuffer: CREDENTIAL_VALUE_CHARS_MAX * 2,
    };
    const child = execFile(program, args, { env, encoding: "utf8", ...limits }, (error, stdout) => {
      if (error === null) return resolve(stdout);
      const stopped = error.killed === true || error.code === "ERR_CHILD_PROCESS_STDIO_MAXBUFFER";
      const why = stopped ? "its command took too long or printed too much" : "its command failed";
      reject(new CredentialUnavailable(why));
    });
    child.stdin?.end();
  });
}

export function readOutput(text: string, endsAtMs: number): Obtained {
  const value = text.replace(/\r?\n$/, "");
  if (!value.startsWith("{")) return { value, expiresAtMs: endsAtMs };
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch {
    return { value, expiresAtMs: endsAtMs };
  }
  if (typeof parsed !== "object" || parsed === null || !("value" in parsed)) return { value, expiresAtMs: endsAtMs };
  if (typeof parsed.value !== "string") throw new CredentialUnavailable("its command printed no text as value");
  const ends = "expires_at" in parsed ? timeOf(parsed.expires_at) : endsAtMs;
  return { value: parsed.value, expiresAtMs: ends };
}

function timeOf(end: unknown): number {
  const ms = typeof end === "number" ? end * 1000 : typeof end === "string" ? Date.parse(end) : Number.NaN;
  if (!Number.isFinite(ms)) throw new CredentialUnavailable("its command printed an end that is no time");
  return ms;
}
