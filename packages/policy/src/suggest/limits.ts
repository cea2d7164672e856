/** Thresholds and bounds of a suggestion. A journal may have been written to by an agent that wants a wide policy. */

/** Identifiers at one place of otherwise equal paths before the place becomes `*`: the next one is to be expected then. */
export const ID_VALUES_MIN = 5;
/** The same for words, which may each mean something else. */
export const WORD_VALUES_MIN = 20;
/** What must lie below a prefix before all of it becomes `**`: rules that could not be joined, … */
export const DEEP_RULES_MIN = 25;
/** … requests' paths, … */
export const DEEP_PATHS_MIN = 50;
/** … different depths, … */
export const DEEP_DEPTHS_MIN = 3;
/** … and different names right below it. */
export const DEEP_CHILDREN_MIN = 10;
/** Deeper paths are taken as they are. */
export const SEGMENTS_JOINED_MAX = 32;

/** Beyond each of these the whole of it is refused, so that the order of the journal never decides what is in the policy. */
export const PROGRAMS_MAX = 200;
export const TARGETS_PER_PROGRAM_MAX = 500;
export const PATHS_PER_TARGET_MAX = 10_000;
/** Paths of all programs together: what a suggestion holds in memory. */
export const PATHS_MAX = 100_000;
/** No path that a person reviews is longer. */
export const PATH_CHARS_MAX = 1_024;
/** Texts in the list of refusals are cut to this length. */
export const REFUSAL_TEXT_CHARS_MAX = 512;
/** More rules for one host than a person reviews. */
export const RULES_PER_TARGET_MAX = 200;
/** Names below one domain, all programs together: so many look like data carried out in names. Services have a handful. */
export const HOSTS_PER_DOMAIN_MAX = 20;
/** From here on it is worth a look. */
export const HOSTS_PER_DOMAIN_NOTED = 5;
/** Refusals listed; the rest are counted. */
export const REFUSALS_MAX = 1_000;
/** A label as long as this with digits in it carries data rather than a meaning. */
export const LABEL_OF_DATA_CHARS_MIN = 32;
/** Ports on which nobody wonders about HTTP. */
export const USUAL_PORTS: readonly number[] = [80, 443];
/** A journal shorter than this has no late part. */
export const LATE_SPAN_MS_MIN = 24 * 3600 * 1000;
/** The share of the journal's time that counts as late. */
export const LATE_SHARE = 0.1;
/** Seen at most this often is seldom. */
export const SELDOM_MAX = 2;
/** Larger products of two patterns are taken to overlap without a look. */
export const OVERLAP_STATES_MAX = 1_000_000;
