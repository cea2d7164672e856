import { encode } from "next-auth/jwt";
import { env } from "../../env.ts";

/**
 * The ticket of a sign-in at a provider. Lax, because the provider's answer is a navigation from another site, and a strict cookie
 * would stay behind; sent to the two routes alone that know it; no script reads it.
 */
const TICKET = "creel.sso";
const TICKET_PATH = "/api/auth/sso";
/** As long as the sign-in cookie that next-auth makes for a password. */
const SESSION_SECONDS = 30 * 24 * 60 * 60;

const isSecure = (): boolean => new URL(env().webUrl).protocol === "https:";

const cookie = (name: string, value: string, given: { path: string; maxAgeSeconds: number }): string =>
  [
    `${name}=${value}`,
    `Path=${given.path}`,
    `Max-Age=${given.maxAgeSeconds}`,
    "HttpOnly",
    "SameSite=Lax",
    ...(isSecure() ? ["Secure"] : []),
  ].join("; ");

const ticketName = (): string => (isSecure() ? `__Secure-${TICKET}` : TICKET);

export const ticketCookie = (ticket: string, maxAgeSeconds: number): string =>
  cookie(ticketName(), ticket, { path: TICKET_PATH, maxAgeSeconds });
export const noTicketCookie = (): string => ticketCookie("", 0);
export const ticketIn = (cookies: Readonly<Record<string, string>>): string => cookies[ticketName()] ?? "";

/** The same cookie that next-auth makes after a password: the token of a sessions row inside its encryption, and nothing else. */
export const sessionCookie = async (sessionToken: string): Promise<string> => {
  const value = await encode({ token: { sid: sessionToken }, secret: env().authSecret, maxAge: SESSION_SECONDS });
  const name = isSecure() ? "__Secure-next-auth.session-token" : "next-auth.session-token";
  return cookie(name, value, { path: "/", maxAgeSeconds: SESSION_SECONDS });
};
