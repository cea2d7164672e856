import { isIP } from "node:net";
import { auth, CreelError, type Ctx, invitation, type SignedIn } from "@creel/core";
import type { AuthOptions } from "next-auth";
import CredentialsProvider from "next-auth/providers/credentials";
import { env } from "../../env.ts";
import { logIfUnforeseen } from "../errors/problem.ts";
import { makeCtx, requestIdOf } from "../request-ctx.ts";
import { runtime } from "../runtime.ts";
import { actorOfSession, parseCookies, sessionTokenFrom } from "./session.ts";

/** The cookie may outlive the session row; the row decides. */
const COOKIE_SECONDS = 30 * 24 * 60 * 60;

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/**
 * The sign-in cookie carries one thing: the token of a row in our sessions table, inside next-auth's encryption. Whether
 * that row still holds is asked on every request, so signing out anywhere ends it everywhere at once.
 */
export const authOptions = (): AuthOptions => ({
  secret: env().authSecret,
  session: { strategy: "jwt", maxAge: COOKIE_SECONDS },
  pages: { signIn: "/signin", error: "/signin" },
  providers: [
    CredentialsProvider({
      id: "credentials",
      credentials: { email: {}, password: {}, code: {} },
      authorize: async (given, request) => {
        const headers = new Headers(headerPairs(request.headers));
        const requestId = requestIdOf(headers);
        const ctx = makeCtx(await runtime(), { actor: null, requestId, source: "web" });
        const userAgent = headers.get("user-agent")?.slice(0, 1024);
        try {
          const code = textOf(given?.code).trim();
          const address = addressIn(headers, env().addressHeader);
          const input = {
            email: textOf(given?.email).trim(),
            password: textOf(given?.password),
            ...(code === "" ? {} : { code }),
            ...(address === null ? {} : { address }),
          };
          const signedIn = await auth.signIn({ ctx, input: userAgent ? { ...input, userAgent } : input });
          return { id: signedIn.user.id, sessionToken: signedIn.token };
        } catch (error) {
          logIfUnforeseen(error, { requestId, operation: "auth.signIn" });
          // next-auth hands the message of this error to the sign-in page; the page knows these codes and no others.
          throw new Error(error instanceof CreelError ? error.code : "internal");
        }
      },
    }),
    signInBy("invitation", ["token", "password", "name", "code"], async (ctx, given, userAgent) =>
      invitation.accept({
        ctx,
        input: {
          token: given.token ?? "",
          password: given.password ?? "",
          ...(given.name ? { name: given.name } : {}),
          ...(given.code ? { code: given.code } : {}),
          ...(userAgent ? { userAgent } : {}),
        },
      }),
    ),
    signInBy("switch", ["orgId"], async (ctx, given, userAgent, headers) => {
      const token = await sessionTokenFrom({ cookies: parseCookies(headers.get("cookie")) });
      const actor = await actorOfSession(ctx, token);
      const input = { orgId: given.orgId ?? "", ...(userAgent ? { userAgent } : {}) };
      return auth.switchOrg({ ctx: { ...ctx, actor }, input });
    }),
  ],
  callbacks: {
    jwt: ({ token, user }) => (user ? { sid: sessionTokenOf(user) } : { sid: token.sid }),
    session: ({ session }) => ({ expires: session.expires }),
  },
  events: {
    signOut: async ({ token }) => {
      if (typeof token?.sid !== "string") return;
      const ctx = makeCtx(await runtime(), { actor: null, requestId: requestIdOf(new Headers()), source: "web" });
      await auth.signOut({ ctx, input: { token: token.sid } });
    },
  },
  logger: {
    error: (code) => {
      // A refused sign-in is not an error of ours, and the metadata may hold what was typed.
      if (code !== "CREDENTIALS_SIGNIN_ERROR")
        console.error(JSON.stringify({ level: "error", operation: "auth", code }));
    },
    warn: () => {},
    debug: () => {},
  },
});

type Given = Readonly<Record<string, string>>;

/** A way in besides the password: each ends in a row of the sessions table, and what was wrong is told by its code alone. */
const signInBy = (
  id: string,
  fields: readonly string[],
  enter: (ctx: Ctx, given: Given, userAgent: string | undefined, headers: Headers) => Promise<SignedIn>,
) =>
  CredentialsProvider({
    id,
    credentials: Object.fromEntries(fields.map((field) => [field, {}])),
    authorize: async (given, request) => {
      const headers = new Headers(headerPairs(request.headers));
      const requestId = requestIdOf(headers);
      const ctx = makeCtx(await runtime(), { actor: null, requestId, source: "web" });
      try {
        const texts = Object.fromEntries(fields.map((field) => [field, textOf(given?.[field])]));
        const signedIn = await enter(ctx, texts, headers.get("user-agent")?.slice(0, 1024), headers);
        return { id: signedIn.user.id, sessionToken: signedIn.token };
      } catch (error) {
        logIfUnforeseen(error, { requestId, operation: `auth.${id}` });
        throw new Error(error instanceof CreelError ? error.code : "internal");
      }
    },
  });

/** A header that an operator vouches for: his own proxy sets it, and whatever a client sent under this name is gone. */
export const addressIn = (headers: Headers, header: string | undefined): string | null => {
  const address = header === undefined ? "" : (headers.get(header)?.split(",").at(-1)?.trim() ?? "");
  return isIP(address) === 0 ? null : address;
};

const sessionTokenOf = (user: object): unknown => ("sessionToken" in user ? user.sessionToken : undefined);

const headerPairs = (headers: Record<string, unknown> | undefined): [string, string][] =>
  Object.entries(headers ?? {}).flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : []));
