/**
 * Threat: a change is applied in a window in which nothing was to be applied, by an hour that a clock skips or repeats.
 * Invariant: whenever the clocks of the zone show a time within the window, it holds; where a time comes twice or not at all, the
 * window is the longer one.
 */
import { FREEZES_JOINED_MAX } from "./limits.ts";
import { type ApprovalSpec, type Freeze, type WeeklyWindow, weekdays } from "./types.ts";
import { instantsOf, wallClockAt } from "./zone.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

interface Span {
  from: number;
  until: number;
}

/** When a freeze that holds at this instant ends, or null; those that overlap or touch count as one. */
export function frozenUntil(specs: readonly Pick<ApprovalSpec, "freezes">[], at: Date): Date | null {
  const freezes = specs.flatMap((spec) => spec.freezes);
  let until = at.getTime();
  for (let joined = 0; joined < FREEZES_JOINED_MAX; joined++) {
    const holding = freezes.flatMap((freeze) => spansAround(freeze, until)).filter((span) => holds(span, until));
    if (holding.length === 0) break;
    until = Math.max(...holding.map((span) => span.until));
  }
  return until === at.getTime() ? null : new Date(until);
}

const holds = ({ from, until }: Span, at: number): boolean => from <= at && at < until;

const spansAround = (freeze: Freeze, at: number): Span[] =>
  "weekly" in freeze
    ? weeklySpans(freeze.weekly, at)
    : [{ from: Date.parse(freeze.from), until: Date.parse(freeze.until) }];

/** Those that begin on the day that the zone has, or on the one before: none is longer than a day and an hour. */
function weeklySpans({ days, from, until, timezone }: WeeklyWindow, at: number): Span[] {
  const [start, end] = [minutesOf(from), minutesOf(until)];
  const today = Math.floor(wallClockAt(timezone, at) / DAY_MS) * DAY_MS;
  return [today - DAY_MS, today, today + DAY_MS].flatMap((day) => {
    if (!days.some((name) => name === weekdayOf(day))) return [];
    const endDay = end > start ? day : day + DAY_MS;
    return [
      {
        from: Math.min(...instantsOf(timezone, day + start * 60_000)),
        until: Math.max(...instantsOf(timezone, endDay + end * 60_000)),
      },
    ];
  });
}

const minutesOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));

/** The first of January 1970 was a Thursday, the fourth day. */
const weekdayOf = (day: number) => weekdays[(((day / DAY_MS + 3) % 7) + 7) % 7];
