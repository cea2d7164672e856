import { DAYS_MAX } from "./limits.ts";

export const DAY_MS = 24 * 3600 * 1000;

/** Nobody can ask for what is older than this. */
export const oldest = (now: Date): Date => new Date(now.getTime() - DAYS_MAX * DAY_MS);

/** The day (UTC) of an instant, `2026-05-03`. */
export const dayOf = (at: Date): string => at.toISOString().slice(0, 10);
