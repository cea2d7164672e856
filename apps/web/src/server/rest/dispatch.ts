import { auth, CreelError, notFound } from "@creel/core";
import { logIfUnforeseen, problemResponse } from "../errors/problem.ts";
import { makeCtx, requestIdOf } from "../request-ctx.ts";
import { runtime } from "../runtime.ts";
import { matchPath } from "./match.ts";
import { readInput } from "./read-input.ts";
import { statusOf } from "./route.ts";
import { restRoutes } from "./routes.ts";

export const bearerOf = (headers: Headers): string | null =>
  /^Bearer ([\x21-\x7e]{1,256})$/i.exec(headers.get("authorization") ?? "")?.[1] ?? null;

/** The context of a REST caller: an API token and nothing else, so that a browser's cookie can never act here. */
export const restCtx = async (request: Request, requestId: string) => {
  const nobody = makeCtx(await runtime(), { actor: null, requestId, source: "api" });
  const token = bearerOf(request.headers);
  return token === null ? nobody : { ...nobody, actor: await auth.resolveApiToken({ ctx: nobody, input: { token } }) };
};

/** Answers one call of `/api/v1`: find the route, know the caller, build the input, ask the verb. */
export const dispatch = async (request: Request, segments: readonly string[]): Promise<Response> => {
  const requestId = requestIdOf(request.headers);
  const operation = `${request.method} /${segments.join("/")}`;
  try {
    const ctx = await restCtx(request, requestId);
    const matches = matchPath(restRoutes, segments);
    const match = matches.find(({ route }) => route.method === request.method);
    // Nobody learns which routes there are; those that are open are in every document.
    if (ctx.actor === null && match?.route.open !== true)
      throw new CreelError("unauthenticated", "Sign in, or send a valid API token.");
    if (!match && matches.length > 0) return methodNotAllowed(matches.map(({ route }) => route.method));
    if (!match) throw notFound();
    const input = await readInput(match.route, { ctx, request, params: match.params });
    const body = await match.route.call(ctx, input);
    return Response.json(body, {
      status: statusOf(match.route, body),
      headers: { "cache-control": "no-store", "x-request-id": requestId },
    });
  } catch (error) {
    logIfUnforeseen(error, { requestId, operation });
    return problemResponse(error, requestId);
  }
};

const methodNotAllowed = (allowed: readonly string[]): Response =>
  new Response(`${JSON.stringify({ type: "about:blank", title: "method not allowed", status: 405 })}\n`, {
    status: 405,
    headers: { "content-type": "application/problem+json", allow: [...new Set(allowed)].join(", ") },
  });
