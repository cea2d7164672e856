/** Levels of `all` and `any` above a quorum: "one of these groups, two of each" needs two, and nobody reads more than three. */
export const RULE_DEPTH_MAX = 3;
/** Parts side by side under one `all` or `any`, and reviewers in one quorum. */
export const RULE_WIDTH_MAX = 12;
/** Ordered steps: peer, team, security, owner is four; each further one is a day of waiting. */
export const STEPS_MAX = 6;
/** Persons one quorum may ask for. */
export const QUORUM_MAX = 10;
/** Seats of one step, all quorums together: they bound the matching of persons to seats. */
export const SEATS_MAX = 24;
/** Ways to satisfy one step after every `any` is chosen: each is tried, so their number is bounded where a rule is read. */
export const CHOICES_MAX = 64;
/** A year: what waits longer for its approval is a different change by then. */
export const TIME_TO_LIVE_HOURS_MAX = 24 * 365;
export const TIME_TO_LIVE_HOURS_DEFAULT = 24 * 7;
/** A freeze names a holiday or a release; what is planned further ahead belongs in a calendar. */
export const FREEZES_MAX = 20;
/** Windows that follow each other without a gap are joined up to this many: a week and a day of as many as one policy may name. */
export const FREEZES_JOINED_MAX = 160;
/** Kinds and labels a selector names. */
export const SELECTOR_WIDTH_MAX = 32;
/** A name, a label or an id in a rule. */
export const WORD_CHARS_MAX = 128;
