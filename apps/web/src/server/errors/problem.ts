import { CreelError, toPublicError } from "@creel/core";

/**
 * An error as RFC 9457 has it. Nothing in the body depends on the request, so that what one may not see and what does
 * not exist answer byte for byte the same; the request's id is in a header.
 */
export const problemResponse = (error: unknown, requestId: string): Response => {
  const { status, body } = toPublicError(error);
  const retryAfter = error instanceof CreelError ? error.retryAfterSeconds : undefined;
  const problem = {
    type: `urn:creel:error:${body.code}`,
    title: body.code.replaceAll("_", " "),
    status,
    code: body.code,
    detail: body.message,
    ...(body.details === undefined ? {} : { details: body.details }),
  };
  return new Response(`${JSON.stringify(problem)}\n`, {
    status,
    headers: {
      "content-type": "application/problem+json",
      "cache-control": "no-store",
      "x-request-id": requestId,
      ...(retryAfter === undefined ? {} : { "retry-after": String(retryAfter) }),
      ...(status === 401 ? { "www-authenticate": 'Bearer realm="creel"' } : {}),
    },
  });
};

/** An error nobody foresaw is written down here with its request's id, and nowhere else; the caller reads only the id. */
export const logIfUnforeseen = (error: unknown, where: { requestId: string; operation: string }): void => {
  if (error instanceof CreelError && error.code !== "internal") return;
  const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
  console.error(JSON.stringify({ level: "error", ...where, cause }));
};
