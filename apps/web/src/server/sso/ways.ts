import { sso } from "@creel/core";
import { z } from "zod";
import { logIfUnforeseen, problemResponse } from "../errors/problem.ts";
import { makeCtx, requestIdOf } from "../request-ctx.ts";
import { runtime } from "../runtime.ts";
import { isSameOrigin } from "../same-origin.ts";

/** An address in JSON; more is not read. */
const BODY_CHARS_MAX = 1_024;
const body = z.strictObject({ email: z.string().max(254) });

/** What the sign-in page offers to an address; by POST, because addresses of pages stand in logs. */
export const waysInto = async (request: Request): Promise<Response> => {
  const requestId = requestIdOf(request.headers);
  if (!isSameOrigin(request.headers)) return new Response(null, { status: 403 });
  try {
    const text = (await request.text()).slice(0, BODY_CHARS_MAX);
    const given = body.safeParse(text === "" ? null : JSON.parse(text));
    if (!given.success) return new Response(null, { status: 400 });
    const ctx = makeCtx(await runtime(), { actor: null, requestId, source: "web" });
    return Response.json(await sso.waysIn({ ctx, input: given.data }), { headers: { "cache-control": "no-store" } });
  } catch (error) {
    if (error instanceof SyntaxError) return new Response(null, { status: 400 });
    logIfUnforeseen(error, { requestId, operation: "sso.waysIn" });
    return problemResponse(error, requestId);
  }
};
