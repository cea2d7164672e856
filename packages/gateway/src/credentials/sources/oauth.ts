import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { CREDENTIAL_COMMAND_TIMEOUT_MS, CREDENTIAL_VALUE_CHARS_MAX } from "../../limits.ts";
import { withRoots } from "../../upstream/authorities.ts";
import { type CredentialSource, CredentialUnavailable } from "../credential.ts";
import { type Obtained, refreshingSource } from "./refreshing.ts";

/** RFC 6749 4.4 and 6. The client's secret and the refresh token stay in the gateway's process and go to the token endpoint alone. */
export interface OAuthGrant {
  tokenUrl: string;
  grant: "client_credentials" | "refresh_token";
  clientId: string;
  clientSecret?: string | undefined;
  refreshToken?: string | undefined;
  scope?: string | undefined;
}

export interface OAuthOptions {
  name: string;
  grant: OAuthGrant;
  now: () => number;
  /** Sends the form; the host's own way out, never a sandbox's. */
  post: (url: string, form: string) => Promise<{ status: number; text: string }>;
  onProblem?: (problem: string) => void;
}

/** RFC 6749 5.1 only recommends `expires_in`. */
const LIFETIME_UNKNOWN_MS = 300_000;

export function oauthSource(options: OAuthOptions): CredentialSource {
  const { grant, now, post } = options;
  let refreshToken = grant.refreshToken;
  return refreshingSource({
    ...options,
    async obtain() {
      const form = new URLSearchParams({ grant_type: grant.grant, client_id: grant.clientId });
      if (grant.clientSecret !== undefined) form.set("client_secret", grant.clientSecret);
      if (grant.scope !== undefined) form.set("scope", grant.scope);
      if (grant.grant === "refresh_token") form.set("refresh_token", refreshToken ?? "");
      const answer = await post(grant.tokenUrl, form.toString());
      if (answer.status !== 200) throw new CredentialUnavailable(`its token endpoint answered ${answer.status}`);
      const { obtained, rotated } = readToken(answer.text, now());
      // RFC 6749 6: the old refresh token may be void from here on.
      refreshToken = rotated ?? refreshToken;
      return obtained;
    },
  });
}

function readToken(text: string, nowMs: number): { obtained: Obtained; rotated: string | null } {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new CredentialUnavailable("its token endpoint answered no JSON");
  }
  const token = typeof parsed === "object" && parsed !== null ? parsed : {};
  const value = "access_token" in token ? token.access_token : undefined;
  if (typeof value !== "string" || value === "" || value.length > CREDENTIAL_VALUE_CHARS_MAX)
    throw new CredentialUnavailable("its token endpoint gave no token");
  const seconds = "expires_in" in token ? Number(token.expires_in) : Number.NaN;
  const lifetimeMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : LIFETIME_UNKNOWN_MS;
  const rotated = "refresh_token" in token && typeof token.refresh_token === "string" ? token.refresh_token : null;
  return { obtained: { value, expiresAtMs: nowMs + lifetimeMs }, rotated };
}

export type PostForm = OAuthOptions["post"];

/**
 * Over TLS, to whoever Node's own authorities or these vouch for; no redirect followed, bounded in time and length. A kept connection
 * would outlive the change of authorities, and tokens are few.
 */
export function formPoster(authorities: readonly string[]): PostForm {
  const ca = withRoots(authorities);
  return (url, form) =>
    new Promise((resolve, reject) => {
      const request = httpsRequest(url, {
        method: "POST",
        agent: false,
        headers: {
          "content-type": "application/x-www-form-urlencoded",
          "content-length": Buffer.byteLength(form),
          accept: "application/json",
        },
        signal: AbortSignal.timeout(CREDENTIAL_COMMAND_TIMEOUT_MS),
        ...(ca === undefined ? {} : { ca }),
      });
      request.once("error", reject);
      request.once("response", (answer) => {
        const status = answer.statusCode ?? 0;
        readText(answer).then((text) => resolve({ status, text }), reject);
      });
      request.end(form);
    });
}

/** A longer answer is no token. */
async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > CREDENTIAL_VALUE_CHARS_MAX * 4)
      throw new CredentialUnavailable("its token endpoint answered too much");
  }
  return Buffer.concat(chunks).toString("utf8");
}
