/** How far back the inbox looks at most: as long as a replay does. */
export const DAYS_MAX = 31;
export const DAYS_DEFAULT = 7;
/** Groups of one answer: more than anybody clears in a sitting. */
export const GROUPS_MAX = 200;
/** Different things of one sandbox that are counted one by one on a day (UTC); what it asks past these is counted together. */
export const GROUPS_PER_SANDBOX_DAY_MAX = 500;
/** Counts of one sandbox that a page reads, those of its newest denials: two days of one that floods. */
export const COUNTS_PER_SANDBOX_MAX = 1_000;
/** Of all sandboxes together: forty that flood at once have all of theirs, more share it and have no less than what is shown first. */
export const COUNTS_MAX = 40_000;
/** Groups of one sandbox that stand before those of the others' late comers; the rest of a flood comes after. */
export const GROUPS_PER_SANDBOX_FIRST = 50;
/** Groups of each sandbox that find a place on the page before any sandbox has more there. */
export const PLACES_OF_ROUNDS = [1, 5, GROUPS_PER_SANDBOX_FIRST];
/** Of a page, the part that may be taken by what is denied most or most lately and has no place near the front. */
export const LIFTED_PART = 10;
/** So many at most; the ends of pages name them. */
export const LIFTED_MAX = GROUPS_MAX / LIFTED_PART;
/** Old counts that one sweep looks at: a day of that many sandboxes, when each was denied as much as is counted. */
export const SWEPT_ROWS_MAX = 25_050;
/** Sandboxes whose old counts one sweep forgets, at most 500 and one a day each; the next sweep goes on. */
export const SWEPT_SANDBOXES_MAX = 50;
/** Sandboxes named with a group; more are counted. */
export const SANDBOXES_NAMED_MAX = 50;
