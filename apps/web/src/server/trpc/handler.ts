import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { actorOfSession, parseCookies, sessionTokenFrom } from "../auth/session.ts";
import { makeCtx, requestIdOf } from "../request-ctx.ts";
import { runtime } from "../runtime.ts";
import { isSameOrigin } from "../same-origin.ts";
import { appRouter } from "./router.ts";

/** Calls in one batch: a page asks for a handful, and each costs a query. */
const BATCH_MAX = 20;

export const handleTrpc = (request: Request): Promise<Response> =>
  fetchRequestHandler({
    endpoint: "/api/trpc",
    req: request,
    router: appRouter,
    maxBatchSize: BATCH_MAX,
    // A question may come in a body; a mutation never comes by GET.
    allowMethodOverride: true,
    createContext: async () => {
      const requestId = requestIdOf(request.headers);
      const nobody = makeCtx(await runtime(), { actor: null, requestId, source: "web" });
      const token = await sessionTokenFrom({ cookies: parseCookies(request.headers.get("cookie")) });
      return {
        core: { ...nobody, actor: await actorOfSession(nobody, token) },
        sameOrigin: isSameOrigin(request.headers),
      };
    },
    responseMeta: () => ({ headers: new Headers({ "cache-control": "no-store" }) }),
  });
