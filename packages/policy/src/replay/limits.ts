/** Bounds of a replay: a journal has no end, and what is in it was chosen by those it speaks of. */

/** More groups than anybody reads; further requests are counted as `ungrouped`. */
export const GROUPS_MAX = 10_000;
/** One sandbox cannot take all groups and so hide what breaks for its neighbours. */
export const GROUPS_PER_SANDBOX_MAX = 1_000;
/** Paths of one program, host, port and method shown one by one; further ones share a group. */
export const PATHS_PER_TARGET_MAX = 50;
/** Rows of `bySandbox` and `byRule`. */
export const ROWS_MAX = 10_000;
/** Judgements remembered; when full, all are forgotten, which costs time and never changes a result. */
export const MEMO_ENTRIES_MAX = 50_000;
/** The same in characters, because paths may be long. */
export const MEMO_CHARS_MAX = 16 * 1024 * 1024;
/** Targets whose conditions are remembered. */
export const TARGETS_MAX = 10_000;
/** Ways to fill in what a record lacks that are tried before it is called uncertain untried. */
export const COMPLETIONS_MAX = 64;
/** As long as a journal's or a request's line may be; a body may be in it. */
export const LINE_CHARS_MAX = 4 * 1024 * 1024;
/** No request target that is judged is longer, and every group of a report may hold a few of them. */
export const LINE_TEXT_CHARS_MAX = 16 * 1024;
/** The journal cuts texts to this length and marks the cut. */
export const RECORDED_TEXT_CHARS_MAX = 4096;
