/** Text of a request inside a reason. Threat: a body of megabytes that fills the journal by way of its own denial. */

/** A reason is one sentence on a screen and in each record; what tells two requests apart stands at the beginning. */
export const QUOTED_CHARS_MAX = 256;

/** The text, or its beginning and an ellipsis. */
export const quoted = (text: string): string =>
  text.length <= QUOTED_CHARS_MAX ? text : `${text.slice(0, QUOTED_CHARS_MAX - 1)}…`;
