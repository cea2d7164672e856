/** Time to open a page, sign in there and type a code (RFC 8628 6.1 takes half an hour for an example; a shell is nearer). */
export const LOGIN_MS_MAX = 10 * 60 * 1000;
/** RFC 8628 3.2 and 3.5: how often a program may ask, and how much seldomer one that does not wait. */
export const INTERVAL_SECONDS = 5;
export const INTERVAL_STEP_SECONDS = 5;
export const INTERVAL_SECONDS_MAX = 60;
/** Waiting at once, over the whole installation: anybody may ask, and asking costs a row. */
export const WAITING_MAX = 1_000;
/** Of one host: a person's shells, and a few colleagues behind the same address. */
export const WAITING_OF_HOST_MAX = 10;
/** Of one network: an office, and still twenty of them have room. */
export const WAITING_OF_PREFIX_MAX = 50;
/** A working day, so that yesterday's laptop opens nothing. */
export const TOKEN_HOURS_DEFAULT = 12;
/** What lives longer is a token of its own, which is made, named and revoked in the settings. */
export const TOKEN_HOURS_MAX = 30 * 24;
/** A host's own label is at most 63, and a token's name holds it. */
export const HOST_NAME_CHARS_MAX = 48;
/** Of logins that are over, each new one clears some. */
export const CLEARED_AT_ONCE_MAX = 50;
