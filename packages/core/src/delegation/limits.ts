/** Longer than a month is no absence: give somebody the role. */
export const DELEGATION_DAYS_MAX = 30;
export const REASON_CHARS_MIN = 3;
export const REASON_CHARS_MAX = 500;
