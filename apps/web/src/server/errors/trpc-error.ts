import { CreelError, type ErrorCode, type PublicError, toPublicError } from "@creel/core";
import { TRPCError } from "@trpc/server";

const codes: Readonly<Record<ErrorCode, TRPCError["code"]>> = {
  not_found: "NOT_FOUND",
  forbidden: "FORBIDDEN",
  unauthenticated: "UNAUTHORIZED",
  second_factor_required: "UNAUTHORIZED",
  proof_required: "FORBIDDEN",
  sso_required: "FORBIDDEN",
  sso_refused: "FORBIDDEN",
  conflict: "CONFLICT",
  invalid_input: "BAD_REQUEST",
  policy_invalid: "UNPROCESSABLE_CONTENT",
  rate_limited: "TOO_MANY_REQUESTS",
  unavailable: "SERVICE_UNAVAILABLE",
  internal: "INTERNAL_SERVER_ERROR",
};

/** What a verb threw, as tRPC speaks it. An error that is not ours says nothing of itself; its cause goes to the log. */
export const toTrpcError = (error: unknown): TRPCError => {
  if (error instanceof TRPCError) return error;
  const { body } = toPublicError(error);
  return new TRPCError({ code: codes[body.code], message: body.message, cause: error });
};

/** tRPC's own failures (no such procedure, broken JSON) have no verb behind them; they keep their code and lose their text. */
const ownFailures: Partial<Record<TRPCError["code"], PublicError>> = {
  NOT_FOUND: { code: "not_found", message: "There is nothing here that you may see." },
  UNAUTHORIZED: { code: "unauthenticated", message: "Sign in, or send a valid API token." },
  FORBIDDEN: { code: "forbidden", message: "This request did not come from this site's own pages." },
  BAD_REQUEST: { code: "invalid_input", message: "The request could not be read." },
  PARSE_ERROR: { code: "invalid_input", message: "The request could not be read." },
  METHOD_NOT_SUPPORTED: { code: "invalid_input", message: "This call needs another method." },
  UNSUPPORTED_MEDIA_TYPE: { code: "invalid_input", message: "This call takes JSON." },
  PAYLOAD_TOO_LARGE: { code: "invalid_input", message: "The request is too large." },
};

export const publicErrorOf = (error: TRPCError): PublicError => {
  if (error.cause instanceof CreelError) return toPublicError(error.cause).body;
  return ownFailures[error.code] ?? toPublicError(error).body;
};
