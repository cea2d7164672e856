/** The largest request body accepted; the providers themselves stop at 32 MB. */
export const REQUEST_BODY_BYTES_MAX = 32 * 1024 * 1024;

/** A client may not hold more of a model's name than the protocol can report. */
export const MODEL_NAME_CHARS_MAX = 256;

/** Query strings carry flags such as `beta=true`; anything longer is not a flag. */
export const QUERY_CHARS_MAX = 1024;

/** Connecting to a model provider takes milliseconds; ten seconds means it is not there. */
export const UPSTREAM_CONNECT_TIMEOUT_MS = 10_000;

/** A model without streaming answers only when it has finished, which long outputs take minutes for. */
export const UPSTREAM_HEADERS_TIMEOUT_MS = 10 * 60_000;

/** Longest silence inside a stream; providers send pings well within it. */
export const UPSTREAM_IDLE_TIMEOUT_MS = 5 * 60_000;

/** Connections kept to one provider; HTTP/1.1 carries one call on each at a time. */
export const UPSTREAM_CONNECTIONS_MAX = 256;

/** Bytes read ahead of a slow client before the provider's socket is paused. */
export const READ_AHEAD_BYTES_MAX = 256 * 1024;

/** A stream line longer than this is not looked into for token counts; it passes all the same. */
export const USAGE_LINE_BYTES_MAX = 256 * 1024;

/** A complete answer longer than this is not looked into for token counts. */
export const USAGE_BODY_BYTES_MAX = 4 * 1024 * 1024;

/** A local model server answers its listing at once; start-up must not wait for one that is not there. */
export const PROBE_TIMEOUT_MS = 400;

/** A listing of local models is small. */
export const PROBE_BYTES_MAX = 1024 * 1024;

/** Commands one prompt may list for the scripted model; more is a mistake in the prompt. */
export const SCRIPT_COMMANDS_MAX = 64;

/** How much of a command's output the scripted model repeats in its summary. */
export const SUMMARY_LINE_CHARS_MAX = 160;
