/** Channels of one owner: a person, a team, the org. */
export const CHANNELS_PER_OWNER_MAX = 10;
/** Waits before the next try of one delivery; after the last it is given up. */
export const RETRY_WAITS_MS: readonly number[] = [5_000, 60_000, 300_000, 1_800_000, 7_200_000, 21_600_000];
/** Deliveries in a row that were given up, or refused for good, until a channel is paused. */
export const FAILURES_UNTIL_PAUSED = 20;
/** Notices gathered for one digest; what comes after begins the next. */
export const NOTICES_PER_DELIVERY_MAX = 200;
/** Deliveries of one channel that may wait; past it a new one is dropped and the channel says so. */
export const WAITING_PER_CHANNEL_MAX = 500;
/** How long a hub that took a delivery may be silent until another takes it. */
export const CLAIM_MS = 60_000;
/** Deliveries taken in one sweep. */
export const DUE_MAX = 200;
export const DIGEST_MINUTES_MAX = 1_440;
/** How long what was delivered stays on the health page. */
export const KEEP_MS = 7 * 24 * 60 * 60 * 1000;
export const ADDRESS_CHARS_MAX = 254;
export const URL_CHARS_MAX = 2_000;
/** Tests of a channel within a while: enough to mend a typing error, too few to write to a stranger. */
export const TESTS_PER_WAIT_MAX = 3;
export const TEST_WAIT_MS = 60_000;
/** What a person has not seen yet is shown up to this many at once; the rest comes when these are seen. */
export const UNSEEN_SHOWN_MAX = 20;
