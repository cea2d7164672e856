/** How far back the inbox looks at most: as long as a replay does. */
export const DAYS_MAX = 31;
export const DAYS_DEFAULT = 7;
/** Groups of one answer: more than anybody clears in a sitting. */
export const GROUPS_MAX = 200;
/** Denials of one sandbox that are counted, the newest: one that floods does not slow the page of everybody. */
export const DENIALS_PER_SANDBOX_MAX = 20_000;
/** Of all sandboxes together: half a second of the database's time. */
export const DENIALS_MAX = 400_000;
/** Groups of one sandbox that stand before those of the others' late comers; the rest of a flood comes after. */
export const GROUPS_PER_SANDBOX_FIRST = 50;
/** Sandboxes named with a group; more are counted. */
export const SANDBOXES_NAMED_MAX = 50;
/** Parts of the trend: as many as a small picture shows. */
export const TREND_PARTS = 24;
