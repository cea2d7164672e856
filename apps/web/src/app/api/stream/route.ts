import { TAB_PARAMETER } from "../../../lib/tab.ts";
import { isOtherTab } from "../../../server/auth/same-tab.ts";
import { actorOfSession, parseCookies, sessionTokenFrom } from "../../../server/auth/session.ts";
import { logIfUnforeseen, problemResponse } from "../../../server/errors/problem.ts";
import { makeCtx, requestIdOf } from "../../../server/request-ctx.ts";
import { runtime } from "../../../server/runtime.ts";
import { openStream } from "../../../server/sse/open-stream.ts";
import { message, streamResponse } from "../../../server/sse/wire.ts";

export const dynamic = "force-dynamic";

/** A page shows the newest few dozen rows; one that was away for longer loads them afresh. */
const REPLAY_ROWS_MAX = 500;

async function* moved(): AsyncGenerator<string> {
  yield message({ event: "moved", data: {} });
}

/** The one stream of a signed-in page: decisions, and the names of what else has changed. */
export const GET = async (request: Request): Promise<Response> => {
  const requestId = requestIdOf(request.headers);
  try {
    const nobody = makeCtx(await runtime(), { actor: null, requestId, source: "web" });
    const token = await sessionTokenFrom({ cookies: parseCookies(request.headers.get("cookie")) });
    const revalidate = () => actorOfSession(nobody, token);
    const ctx = { ...nobody, actor: await revalidate() };
    const said = new URL(request.url).searchParams.get(TAB_PARAMETER);
    if (isOtherTab(said, ctx.actor)) return streamResponse(moved(), new AbortController(), requestId);
    return await openStream(request, {
      ctx,
      revalidate,
      filter: {},
      replayRowsMax: REPLAY_ROWS_MAX,
      announceChanges: true,
    });
  } catch (error) {
    logIfUnforeseen(error, { requestId, operation: "GET /api/stream" });
    return problemResponse(error, requestId);
  }
};
