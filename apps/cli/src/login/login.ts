import { hostname } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { openApi } from "../api/client.ts";
import { type CliEnv, readEnv } from "../env.ts";
import { CliError, EXIT, type ExitCode, usageError } from "../exit.ts";
import { type Io, jsonLine, line, printable } from "../io.ts";
import { readDevFile } from "../up/credentials.ts";
import { homePaths } from "../up/home.ts";
import { endAtServer } from "./logout.ts";
import { readLogin, type StoredLogin, writeLogin } from "./store.ts";

/** Whatever a server says: neither without a pause, nor so long that a person thinks it hangs. */
const INTERVAL_SECONDS = { min: 1, max: 60 };
const clamped = (seconds: number): number => Math.min(Math.max(seconds, INTERVAL_SECONDS.min), INTERVAL_SECONDS.max);

const begunSchema = z.object({
  deviceCode: z.string(),
  userCode: z.string().regex(/^[A-Z-]{4,16}$/),
  page: z.string().regex(/^\/[a-z/]*$/),
  expiresInSeconds: z.number().int().min(1).max(3600),
  intervalSeconds: z.number(),
});
const answerSchema = z.discriminatedUnion("status", [
  z.object({ status: z.literal(["pending", "slow_down"]), intervalSeconds: z.number() }),
  z.object({ status: z.literal("denied") }),
  z.object({ status: z.literal("expired") }),
  z.object({
    status: z.literal("approved"),
    token: z.string().min(1),
    tokenId: z.uuid(),
    expiresAt: z.iso.datetime(),
    email: z.string(),
    org: z.object({ name: z.string() }),
  }),
]);
type Approved = Extract<z.output<typeof answerSchema>, { status: "approved" }>;

/** Asks for a code, shows it, and waits until a person confirmed it (RFC 8628). */
export async function login({ url, json }: { url: string | undefined; json: boolean }, io: Io): Promise<ExitCode> {
  const env = readEnv();
  const before = readLogin(env);
  const api = openApi({ url: serverOf(env, url, before), token: null });
  const begun = await api.call(begunSchema, "POST", "/device/code", { body: { hostName: ownName() } });
  const page = new URL(begun.page, `${api.url}/`).href;
  if (json) io.out(jsonLine({ status: "pending", userCode: begun.userCode, page }));
  else
    for (const text of [
      `Open ${page} and type the code ${begun.userCode}`,
      `It is good for ${Math.round(begun.expiresInSeconds / 60)} minutes, for this command line alone. Waiting…`,
    ])
      io.err(line(text));
  const approved = await confirmed(api, begun);
  const { token, tokenId, expiresAt, email, org } = approved;
  const kept: StoredLogin = { url: api.url, token, tokenId, expiresAt, email, org: org.name };
  writeLogin(env, kept);
  if (before !== null) await endAtServer(before);
  const shown = { status: "approved", url: kept.url, email, org: org.name, expiresAt };
  const said = `Signed in to ${kept.url} as ${email} in ${org.name}, until ${expiresAt}.`;
  io.out(json ? jsonLine(shown) : line(printable(said)));
  return EXIT.done;
}

async function confirmed(api: ReturnType<typeof openApi>, begun: z.output<typeof begunSchema>): Promise<Approved> {
  const { deviceCode } = begun;
  const endsMs = Date.now() + begun.expiresInSeconds * 1000;
  let intervalSeconds = clamped(begun.intervalSeconds);
  while (Date.now() < endsMs) {
    await wait(intervalSeconds * 1000);
    const answer = await api.call(answerSchema, "POST", "/device/token", { body: { deviceCode } });
    if (answer.status === "approved") return answer;
    if (answer.status === "denied")
      throw new CliError("somebody refused the code", { place: api.url, exitCode: EXIT.denied });
    if (answer.status === "expired") break;
    intervalSeconds = clamped(answer.intervalSeconds);
  }
  throw new CliError("nobody confirmed the code in time", { place: api.url, remedy: "Run `creel login` again." });
}

function serverOf(env: CliEnv, asked: string | undefined, before: StoredLogin | null): string {
  const url = asked ?? env.apiUrl ?? before?.url ?? readDevFile(homePaths(env.home))?.webUrl;
  if (url === undefined)
    throw usageError("no deployment to sign in to", "Name it: creel login --url https://creel.example.com");
  if (!URL.canParse(url)) throw usageError("--url is no URL", "Write it whole, e.g. https://creel.example.com");
  const { protocol, hostname: host } = new URL(url);
  // The token comes back over this connection.
  if (protocol !== "https:" && !(protocol === "http:" && isLoopback(host)))
    throw usageError("a login needs https, but on this machine itself", "Give the address that begins with https://.");
  return url.replace(/\/+$/, "");
}

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(host);

const NAME_CHARS_MAX = 48;
/** What the page shows of this machine; the server takes these letters and no others. */
export function ownName(name = hostname()): string {
  const plain = name.replaceAll(/[^A-Za-z0-9._-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  return plain === "" ? "this-computer" : plain.slice(0, NAME_CHARS_MAX);
}
