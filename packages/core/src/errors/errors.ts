/** Every failure a transport may show. Add, never change: clients switch on `code`. */
export const errorStatus = {
  not_found: 404,
  forbidden: 403,
  unauthenticated: 401,
  second_factor_required: 401,
  proof_required: 403,
  /** The person's org lets them in through its identity provider alone. */
  sso_required: 403,
  /** What an identity provider answered does not let anybody in. */
  sso_refused: 403,
  conflict: 409,
  invalid_input: 400,
  policy_invalid: 422,
  rate_limited: 429,
  unavailable: 503,
  internal: 500,
} as const;
export type ErrorCode = keyof typeof errorStatus;

/** What a client sees of an error, whatever the transport. */
export interface PublicError {
  code: ErrorCode;
  message: string;
  details?: unknown;
}

export class CreelError extends Error {
  readonly code: ErrorCode;
  readonly publicMessage: string;
  readonly details: unknown;
  /** When it is worth asking again, where that is known. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ErrorCode,
    publicMessage: string,
    options: { details?: unknown; cause?: unknown; retryAfterSeconds?: number } = {},
  ) {
    super(publicMessage, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "CreelError";
    this.code = code;
    this.publicMessage = publicMessage;
    this.details = options.details;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get status(): number {
    return errorStatus[this.code];
  }
}

/**
 * One text for everything that is not there and everything the caller may not see: naming the kind or the id would
 * tell the two apart.
 */
export const notFound = (): CreelError => new CreelError("not_found", "There is nothing here that you may see.");
export const forbidden = (): CreelError =>
  new CreelError("forbidden", "Your role does not allow this. Ask an owner of the organisation.");
export const unauthenticated = (): CreelError =>
  new CreelError("unauthenticated", "Sign in, or send a valid API token.");

/** The one mapper for transports: an error that is not ours says nothing of itself. */
export function toPublicError(error: unknown): { status: number; body: PublicError } {
  if (!(error instanceof CreelError))
    return { status: 500, body: { code: "internal", message: "Something failed on our side. The log has the cause." } };
  const body: PublicError = { code: error.code, message: error.publicMessage };
  if (error.details !== undefined) body.details = error.details;
  return { status: error.status, body };
}
