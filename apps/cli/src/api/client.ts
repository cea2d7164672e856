import { z } from "zod";
import { type CliEnv, readEnv } from "../env.ts";
import { CliError, EXIT, messageOf, systemCode, usageError } from "../exit.ts";
import { readLogin } from "../login/store.ts";
import { readDevFile } from "../up/credentials.ts";
import { homePaths } from "../up/home.ts";

const TIMEOUT_MS = 30_000;

export interface ApiTarget {
  /** Of the web app, without `/api/v1`. */
  url: string;
  /** Null where one is still to be had. */
  token: string | null;
}
export interface ApiCall {
  body?: unknown;
  query?: Record<string, string | number | undefined>;
  timeoutMs?: number;
  /** What to say where the server has no such thing: it names neither the kind nor the name of what one may not see. */
  missing?: CliError;
}
export interface Api {
  readonly url: string;
  call<S extends z.ZodType>(answer: S, method: string, path: string, options?: ApiCall): Promise<z.output<S>>;
}

/** RFC 9457, as the server answers every error. */
const problemSchema = z.object({ code: z.string(), detail: z.string() });

/**
 * CREEL_URL and CREEL_TOKEN, else what `creel login` left, else the deployment that `creel up` runs here. A token that lies in a file is
 * only ever sent to the address that stands beside it.
 */
export function findTarget(env: CliEnv = readEnv()): ApiTarget {
  const login = readLogin(env);
  const dev = readDevFile(homePaths(env.home));
  if (env.apiToken !== null) {
    const url = env.apiUrl ?? dev?.webUrl ?? login?.url;
    if (url !== undefined) return { url: plain(url), token: env.apiToken };
  } else if (login !== null && (env.apiUrl === null || plain(env.apiUrl) === login.url)) {
    if (Date.parse(login.expiresAt) > Date.now()) return login;
    throw new CliError(`the login has ended at ${login.expiresAt}`, {
      place: login.url,
      remedy: "Run `creel login` again, or `creel logout` to do without it.",
    });
  } else if (dev !== null && env.apiUrl === null) return { url: plain(dev.webUrl), token: dev.apiToken };
  throw usageError(
    "no deployment to talk to",
    "Start one here (`npm start`), sign in to one (`creel login --url URL`), or set CREEL_URL and CREEL_TOKEN.",
  );
}

const plain = (url: string): string => url.replace(/\/+$/, "");

export function openApi(target: ApiTarget): Api {
  return {
    url: target.url,
    async call(answer, method, path, options = {}) {
      const response = await send(target, method, path, options);
      const text = await response.text();
      if (!response.ok) throw refusal(target, { status: response.status, text, missing: options.missing });
      const parsed = answer.safeParse(text === "" ? null : safeJson(text));
      if (parsed.success) return parsed.data;
      throw new CliError(`${method} ${path} answered in a shape this version does not know`, {
        place: target.url,
        remedy: "Use the command line of the same version as the server.",
      });
    },
  };
}

async function send(target: ApiTarget, method: string, path: string, options: ApiCall): Promise<Response> {
  const url = new URL(`${target.url}/api/v1${path}`);
  for (const [name, value] of Object.entries(options.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  try {
    return await fetch(url, {
      method,
      headers: {
        "content-type": "application/json",
        ...(target.token === null ? {} : { authorization: `Bearer ${target.token}` }),
      },
      signal: AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS),
      // A redirect would carry the token to wherever it points.
      redirect: "error",
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    const reason = systemCode(cause) ?? messageOf(error);
    throw new CliError(`the server cannot be reached (${reason})`, {
      place: target.url,
      remedy: "Is it running? `npm start` starts it here; CREEL_URL names another.",
      cause: error,
    });
  }
}

interface Refused {
  status: number;
  text: string;
  missing: CliError | undefined;
}
function refusal(target: ApiTarget, { status, text, missing }: Refused): CliError {
  const problem = problemSchema.safeParse(safeJson(text));
  const message = problem.success ? problem.data.detail : `the server answered with status ${status}`;
  if (status === 401) {
    return new CliError(message, {
      place: target.url,
      status,
      remedy: "The token is unknown, expired or revoked: run `creel login`, or set CREEL_TOKEN to a valid one.",
    });
  }
  const code = problem.success ? problem.data.code : "";
  // By the code and not the status: a proxy's own 404 says nothing of a sandbox.
  if (code === "not_found" && missing !== undefined) return missing;
  const exitCode = code === "invalid_input" || code === "policy_invalid" ? EXIT.usage : EXIT.failed;
  return new CliError(message, { place: target.url, status, exitCode });
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
