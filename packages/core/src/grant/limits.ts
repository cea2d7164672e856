/** A year: what is longer is for good, and said so by leaving the end out. */
export const HOURS_MAX = 366 * 24;
