/** What pages tell before they ask: bounds alone, with nothing that needs Node. The verbs judge by the same ones. */
export {
  DELEGATION_DAYS_MAX,
  REASON_CHARS_MAX as DELEGATION_REASON_CHARS_MAX,
  REASON_CHARS_MIN as DELEGATION_REASON_CHARS_MIN,
} from "./delegation/limits.ts";

/** Enough for a sentence or a ticket with a link. */
export const MESSAGE_CHARS_MAX = 2_000;
/** Length is what makes a password strong; the upper bound keeps hashing cheap. */
export const PASSWORD_CHARS_MIN = 12;
export const PASSWORD_CHARS_MAX = 1_024;
