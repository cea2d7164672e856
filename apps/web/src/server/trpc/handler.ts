import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { MOVED_HEADER, TAB_HEADER } from "../../lib/tab.ts";
import { isOtherTab, OtherTabError } from "../auth/same-tab.ts";
import { actorOfSession, parseCookies, sessionTokenFrom } from "../auth/session.ts";
import { toTrpcError } from "../errors/trpc-error.ts";
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
      const actor = await actorOfSession(nobody, token);
      if (isOtherTab(request.headers.get(TAB_HEADER), actor)) throw toTrpcError(new OtherTabError());
      return { core: { ...nobody, actor }, sameOrigin: isSameOrigin(request.headers) };
    },
    responseMeta: ({ errors }) => {
      const moved = errors.some(({ cause }) => cause instanceof OtherTabError);
      return { headers: new Headers({ "cache-control": "no-store", ...(moved ? { [MOVED_HEADER]: "1" } : {}) }) };
    },
  });
