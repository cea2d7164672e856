/** A receiver that does not answer holds one of few places. */
export const ATTEMPT_MS_MAX = 10_000;
/** What a receiver answers is read no further: only its status counts. */
export const ANSWER_BYTES_MAX = 64 * 1024;
/** Slack refuses more blocks in a message; a longer digest says how many more there are. */
export const SLACK_BLOCKS_MAX = 50;
/** Slack refuses longer text in a section. */
export const SLACK_SECTION_CHARS_MAX = 3_000;
/** Notices of one digest that are spelled out. */
export const DIGEST_NOTICES_MAX = 20;
/** What of a mail server's complaint is kept for the health page. */
export const REASON_CHARS_MAX = 300;
/** A receiver may ask for patience, but not for ever. */
export const RETRY_AFTER_MS_MAX = 6 * 60 * 60 * 1000;
