import { CreelError, sso } from "@creel/core";
import { env } from "../../env.ts";
import { safeNext } from "../../lib/paths.ts";
import { addressIn } from "../auth/options.ts";
import { actorOfSession, parseCookies, sessionTokenFrom } from "../auth/session.ts";
import { logIfUnforeseen } from "../errors/problem.ts";
import { makeCtx, requestIdOf } from "../request-ctx.ts";
import { runtime } from "../runtime.ts";
import { ticketCookie } from "./cookies.ts";
import { backToSignIn, redirectTo } from "./redirect.ts";

/**
 * Sends a browser to the provider of its address. Threat: another site sends it here, to sign somebody in as somebody else. It can,
 * as it could to the provider itself; what comes back counts only with the ticket that this browser got, and `next` leads nowhere but
 * into this site.
 */
export const startSso = async (request: Request): Promise<Response> => {
  const requestId = requestIdOf(request.headers);
  const asked = new URL(request.url).searchParams;
  const next = safeNext(asked.get("next"));
  const nobody = makeCtx(await runtime(), { actor: null, requestId, source: "web" });
  try {
    const prove = asked.get("prove") === "1";
    // Whoever is in proves the sign-in they have, and whose it is says that one and no address.
    const token = prove ? await sessionTokenFrom({ cookies: parseCookies(request.headers.get("cookie")) }) : null;
    const ctx = { ...nobody, actor: await actorOfSession(nobody, token) };
    const address = addressIn(request.headers, env().addressHeader);
    const input = {
      email: (asked.get("email") ?? "").trim().slice(0, 254),
      next,
      prove,
      ...(address === null ? {} : { address }),
    };
    const { url, ticket, maxAgeSeconds } = await sso.begin({ ctx, input });
    return redirectTo(url, [ticketCookie(ticket, maxAgeSeconds)]);
  } catch (error) {
    logIfUnforeseen(error, { requestId, operation: "sso.begin" });
    return backToSignIn(error instanceof CreelError ? error.code : "internal", next);
  }
};
