import { CreelError, sso } from "@creel/core";
import { env } from "../../env.ts";
import { paths, safeNext } from "../../lib/paths.ts";
import { addressIn } from "../auth/options.ts";
import { actorOfSession, parseCookies, sessionTokenFrom } from "../auth/session.ts";
import { logIfUnforeseen } from "../errors/problem.ts";
import { makeCtx, requestIdOf } from "../request-ctx.ts";
import { runtime } from "../runtime.ts";
import { noTicketCookie, sessionCookie, ticketIn } from "./cookies.ts";
import { backToSignIn, ownUrl, redirectTo } from "./redirect.ts";

/** Where a provider sends people back: the verb judges the answer, and the ticket ends whatever it says. */
export const finishSso = async (request: Request, orgId: string): Promise<Response> => {
  const { headers } = request;
  const requestId = requestIdOf(headers);
  const ctx = makeCtx(await runtime(), { actor: null, requestId, source: "web" });
  const ticket = ticketIn(parseCookies(headers.get("cookie")));
  const userAgent = headers.get("user-agent")?.slice(0, 1024);
  try {
    const address = addressIn(headers, env().addressHeader);
    const answer = { orgId, ticket, query: new URL(request.url).search };
    const entered = await sso.complete({
      ctx,
      input: { ...answer, ...(userAgent ? { userAgent } : {}), ...(address === null ? {} : { address }) },
    });
    const next = ownUrl(safeNext(entered.next));
    // Who proved a sign-in that they have keeps its cookie.
    const cookies = "proved" in entered ? [] : [await sessionCookie(entered.token)];
    return redirectTo(next, [...cookies, noTicketCookie()]);
  } catch (error) {
    logIfUnforeseen(error, { requestId, operation: "sso.complete" });
    const code = error instanceof CreelError ? error.code : "internal";
    const token = await sessionTokenFrom({ cookies: parseCookies(headers.get("cookie")) });
    // Somebody who is in wanted to prove it: the sign-in page would only send them on.
    if ((await actorOfSession(ctx, token)) !== null)
      return redirectTo(ownUrl(paths.proved({ error: code })), [noTicketCookie()]);
    return backToSignIn(code, undefined, [noTicketCookie()]);
  }
};
