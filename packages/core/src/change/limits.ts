/** Waiting changes of an org: more than anybody will decide, and each applied one looks at the others of its subject. */
export const WAITING_MAX = 500;
/** Of one person, by themselves and by keys they have had in hand: more than they will see through, and a tenth of all. */
export const WAITING_OF_PERSON_MAX = 50;
/** Kept for proposals of those who may break the glass: in an emergency there must be room for what mends it. */
export const WAITING_KEPT = 50;
/** Who could give what is missing is reminded after a day, and when a quarter of the time to live is left. */
export const REMIND_AFTER_HOURS = 24;
export const REMIND_AT_LIFE_LEFT = 1 / 4;
/** Asked for by a person, at most so often for one change: a reminder every minute is read by nobody. */
export const REMIND_EVERY_MINUTES = 60;
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
/** What is applied by break-glass ends: a night's work by default, a day at most. */
export const GLASS_HOURS_DEFAULT = 4;
export const GLASS_HOURS_MAX = 24;
/** One sweep's share of one kind of work; what is left over is the next one's. */
export const SWEEP_MAX = 200;
/** Members whose rights are read to say who could approve. */
export const ELECTORATE_MAX = 500;
/** Things of which a change's labels are kept one by one; past these only grants and rules of the whole org cover it. */
export const TOUCHES_MAX = 200;
