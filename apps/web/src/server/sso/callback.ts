import { CreelError, sso } from "@creel/core";
import { env } from "../../env.ts";
import { safeNext } from "../../lib/paths.ts";
import { addressIn } from "../auth/options.ts";
import { parseCookies } from "../auth/session.ts";
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
    const signedIn = await sso.complete({
      ctx,
      input: { ...answer, ...(userAgent ? { userAgent } : {}), ...(address === null ? {} : { address }) },
    });
    const cookies = [await sessionCookie(signedIn.token), noTicketCookie()];
    return redirectTo(ownUrl(safeNext(signedIn.next)), cookies);
  } catch (error) {
    logIfUnforeseen(error, { requestId, operation: "sso.complete" });
    return backToSignIn(error instanceof CreelError ? error.code : "internal", undefined, [noTicketCookie()]);
  }
};
