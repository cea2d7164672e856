import { auth } from "@creel/core";
import { logIfUnforeseen, problemResponse } from "../../../../../server/errors/problem.ts";
import { requestIdOf } from "../../../../../server/request-ctx.ts";
import { bearerOf, restCtx } from "../../../../../server/rest/dispatch.ts";
import { sandboxId } from "../../../../../server/rest/names.ts";
import { openStream } from "../../../../../server/sse/open-stream.ts";

export const dynamic = "force-dynamic";

/** A consumer that stores decisions elsewhere may be away for long; beyond this it should page through `/decisions?after=`. */
const REPLAY_ROWS_MAX = 1_000_000;

export const GET = async (request: Request): Promise<Response> => {
  const requestId = requestIdOf(request.headers);
  try {
    const ctx = await restCtx(request, requestId);
    const token = bearerOf(request.headers);
    const sandbox = new URL(request.url).searchParams.get("sandboxId");
    return await openStream(request, {
      ctx,
      revalidate: async () => (token === null ? null : await auth.resolveApiToken({ ctx, input: { token } })),
      filter: sandbox === null ? {} : { sandboxId: String(await sandboxId(ctx, sandbox)) },
      replayRowsMax: REPLAY_ROWS_MAX,
      announceChanges: false,
    });
  } catch (error) {
    logIfUnforeseen(error, { requestId, operation: "GET /decisions/stream" });
    return problemResponse(error, requestId);
  }
};
