/** Two weeks from sign-in, used or not: a stolen cookie is not for ever. */
export const SESSION_MS_MAX = 14 * 24 * 60 * 60 * 1000;
/** How stale `last_used_at` may be: one write a minute per session and not one per request. */
export const TOUCH_INTERVAL_MS = 60_000;
/** Wrong passwords per account and window before the next try has to wait, right or wrong. */
export const FAILURES_MAX = 10;
/** Of one address, over all accounts: an office of people behind one, and not a list of passwords. */
export const ADDRESS_TRIES_MAX = 100;
/** Codes of command lines that one person types in a window, right ones too: two for each login, and room for slips. */
export const DEVICE_TRIES_MAX = 20;
/** Time for one thing that asks for proof, and not for a lunch break. */
export const PROOF_MS_MAX = 10 * 60 * 1000;
/** Time to scan a picture and type a code. */
export const PENDING_MS_MAX = 15 * 60 * 1000;
export const FAILURE_WINDOW_MS = 15 * 60 * 1000;
