import { REMIND_AFTER_HOURS, REMIND_AT_LIFE_LEFT } from "./limits.ts";
import type { ChangeRow } from "./row.ts";

const HOUR_MS = 60 * 60 * 1000;

/** When those who could give what is missing are reminded of a change that begins to wait now, in the order of time. */
export function remindersFrom(now: Date, expiresAt: Date): Pick<ChangeRow, "remindAt" | "remindLastAt"> {
  const end = expiresAt.getTime();
  const [first = null, last = null] = [
    ...new Set([now.getTime() + REMIND_AFTER_HOURS * HOUR_MS, end - (end - now.getTime()) * REMIND_AT_LIFE_LEFT]),
  ]
    .filter((at) => at < end)
    .sort((a, b) => a - b)
    .map((at) => new Date(at));
  return { remindAt: first, remindLastAt: last };
}

/** Once each: what is due is over, however late it comes, and the other one stands alone. */
export const remindersAfter = (
  row: Pick<ChangeRow, "remindAt" | "remindLastAt">,
  now: Date,
): Pick<ChangeRow, "remindAt" | "remindLastAt"> => ({
  remindAt: row.remindLastAt !== null && row.remindLastAt > now ? row.remindLastAt : null,
  remindLastAt: null,
});
