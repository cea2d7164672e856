/** Clocks of time zones, by the zone data of the runtime. A wall clock is the instant at which UTC shows the same. */

/** Further than any zone is from UTC, so that the clocks of before and of after a jump are both looked at. */
const DAY_MS = 24 * 60 * 60 * 1000;

const formats = new Map<string, Intl.DateTimeFormat>();

/** Throws a RangeError for a zone that is not known here. */
function formatOf(timezone: string): Intl.DateTimeFormat {
  const known = formats.get(timezone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat("en-US", {
    timeZone: timezone,
    calendar: "gregory",
    numberingSystem: "latn",
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  formats.set(timezone, made);
  return made;
}

/** An IANA name: no offset, which knows no summer time, and nothing that is no name at all. */
export function isTimezone(name: string): boolean {
  if (!/^[A-Za-z]+(?:[/_+-][A-Za-z0-9]+)*$/.test(name)) return false;
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

/** What the clocks of the zone show, in milliseconds. */
export function wallClockAt(timezone: string, at: number): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of formatOf(timezone).formatToParts(at))
    if (type !== "literal") parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) + (((at % 1000) + 1000) % 1000);
}

/**
 * The instants at which these clocks show this: one, two where the hour comes twice, and for an hour that is skipped the two at
 * which it would have come by the clocks of before and of after.
 */
export function instantsOf(timezone: string, wallClock: number): readonly number[] {
  const offsets = [wallClock - DAY_MS, wallClock, wallClock + DAY_MS].map((at) => wallClockAt(timezone, at) - at);
  const guesses = [...new Set(offsets)].map((offset) => wallClock - offset);
  const shown = guesses.filter((at) => wallClockAt(timezone, at) === wallClock);
  return shown.length > 0 ? shown : guesses;
}
