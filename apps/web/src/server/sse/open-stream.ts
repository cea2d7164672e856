import { type Actor, CreelError, type Ctx } from "@creel/core";
import { logIfUnforeseen } from "../errors/problem.ts";
import { runtime } from "../runtime.ts";
import { decisionFeed, type FeedOptions } from "./feed.ts";
import { loadedPoint, resumePoint, streamResponse } from "./wire.ts";

type Wanted = Pick<FeedOptions, "filter" | "replayRowsMax" | "announceChanges"> & {
  ctx: Ctx;
  revalidate: () => Promise<Actor | null>;
};

const orgOf = (actor: Actor | null): string => {
  if (actor?.kind === "user" || actor?.kind === "apiKey") return actor.orgId;
  throw new CreelError("unauthenticated", "Sign in, or send a valid API token.");
};

/** Opens a feed for whoever `ctx` says. The first read happens here, so that a refusal is an answer and not a broken stream. */
export const openStream = async (request: Request, wanted: Wanted): Promise<Response> => {
  const { events } = await runtime();
  const abort = new AbortController();
  const signal = AbortSignal.any([request.signal, events.closing, abort.signal]);
  const feed = decisionFeed({
    ...wanted,
    orgId: orgOf(wanted.ctx.actor),
    events,
    signal,
    resumeAt: resumePoint(request),
    loadedAtMs: loadedPoint(request),
  });
  const first = await feed.next();
  return streamResponse(withFirst(first, feed, wanted.ctx.requestId), abort, wanted.ctx.requestId);
};

async function* withFirst(
  first: IteratorResult<string>,
  rest: AsyncGenerator<string>,
  requestId: string,
): AsyncGenerator<string> {
  if (first.done) return;
  try {
    yield first.value;
    yield* rest;
  } catch (error) {
    logIfUnforeseen(error, { requestId, operation: "stream" });
    throw error;
  } finally {
    await rest.return(undefined);
  }
}
