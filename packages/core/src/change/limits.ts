/** Waiting changes of an org: more than anybody will decide, and each applied one looks at the others of its subject. */
export const WAITING_MAX = 500;
/** A reason or comment: a paragraph, or a ticket with a link. */
export const COMMENT_CHARS_MAX = 2_000;
/** A reason to break the glass that says nothing is none. */
export const REASON_CHARS_MIN = 10;
/** How far ahead a change may be scheduled: a month, or the rights it was approved with are stale. */
export const SCHEDULE_DAYS_MAX = 31;
/** What waits for no approval policy's time to live. */
export const TIME_TO_LIVE_HOURS = 24 * 7;
/** A look back that comes after a week is no look back. */
export const REVIEW_DUE_HOURS = 72;
/** One sweep's share of one kind of work; what is left over is the next one's. */
export const SWEEP_MAX = 200;
/** Members whose rights are read to say who could approve. */
export const ELECTORATE_MAX = 500;
/** Things of which a change's labels are kept one by one; past these only grants and rules of the whole org cover it. */
export const TOUCHES_MAX = 200;
