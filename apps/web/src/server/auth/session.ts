import { auth, type Ctx, type UserActor } from "@creel/core";
import { getToken } from "next-auth/jwt";
import { env } from "../../env.ts";

interface CookieRequest {
  headers: Headers;
  cookies: Readonly<Record<string, string>>;
}

export const parseCookies = (header: string | null): Record<string, string> => {
  const cookies: Record<string, string> = {};
  for (const part of (header ?? "").split(";")) {
    const at = part.indexOf("=");
    if (at > 0) cookies[part.slice(0, at).trim()] = part.slice(at + 1).trim();
  }
  return cookies;
};

/** The session token inside the sign-in cookie. Only the cookie counts: a Bearer header belongs to the REST API. */
export const sessionTokenFrom = async ({ cookies }: Pick<CookieRequest, "cookies">): Promise<string | null> => {
  const token = await getToken({ req: asNextAuthRequest({ headers: {}, cookies }), secret: env().authSecret });
  return typeof token?.sid === "string" ? token.sid : null;
};

/** `getToken` reads `headers` and `cookies` and nothing else, whatever its type asks for. */
const asNextAuthRequest = (request: object) => request as NonNullable<Parameters<typeof getToken>[0]>["req"];

/** Asks the sessions table on every call: there is no cache that could outlive a sign-out. */
export const actorOfSession = async (ctx: Ctx, sessionToken: string | null): Promise<UserActor | null> =>
  sessionToken === null ? null : await auth.resolveSession({ ctx, input: { token: sessionToken } });
