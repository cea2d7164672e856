import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  approvalSpecSchema,
  describeFreeze,
  type Freeze,
  frozenUntil,
  type WeeklyWindow,
  weekdays,
} from "../src/index.ts";

const friday: WeeklyWindow = { days: ["fri"], from: "16:00", until: "24:00", timezone: "Europe/Berlin" };
const weekly = (window: Partial<WeeklyWindow>): Freeze => ({ weekly: { ...friday, ...window }, reason: "weekend" });
const ends = (freezes: Freeze[], at: string): string | null =>
  frozenUntil([{ freezes }], new Date(at))?.toISOString() ?? null;

describe("a weekly freeze", () => {
  test("begins and ends by the clocks of its zone, in summer and in winter", () => {
    expect(ends([weekly({})], "2026-07-03T13:59:59Z")).toBeNull();
    expect(ends([weekly({})], "2026-07-03T14:00:00Z")).toBe("2026-07-03T22:00:00.000Z");
    expect(ends([weekly({})], "2026-12-04T14:59:59Z")).toBeNull();
    expect(ends([weekly({})], "2026-12-04T15:00:00Z")).toBe("2026-12-04T23:00:00.000Z");
    expect(ends([weekly({})], "2026-12-04T23:00:00Z")).toBeNull();
  });

  test("that ends no later than it begins ends on the day after, by that day's name or not", () => {
    const night = weekly({ from: "22:00", until: "06:00" });
    expect(ends([night], "2026-12-05T04:59:00Z")).toBe("2026-12-05T05:00:00.000Z");
    expect(ends([night], "2026-12-06T04:59:00Z")).toBeNull();
    expect(ends([weekly({ from: "08:00", until: "08:00" })], "2026-12-05T06:00:00Z")).toBe("2026-12-05T07:00:00.000Z");
  });

  test("is joined with what follows it, weekly or not, so that the next opening is told", () => {
    const days = weekly({ days: ["sat", "sun"], from: "00:00" });
    const christmas: Freeze = { from: "2026-12-20T23:00:00Z", until: "2027-01-02T00:00:00Z", reason: "holidays" };
    expect(ends([weekly({}), days], "2026-12-04T16:00:00Z")).toBe("2026-12-06T23:00:00.000Z");
    expect(ends([weekly({}), days, christmas], "2026-12-18T16:00:00Z")).toBe("2027-01-03T23:00:00.000Z");
  });

  test("holds through an hour that comes twice, from its first beginning to its last end", () => {
    // Berlin's clocks go back from 03:00 to 02:00 on 25 October 2026, at 01:00 UTC.
    const hour = weekly({ days: ["sun"], from: "02:15", until: "02:45" });
    expect(ends([hour], "2026-10-25T00:15:00Z")).toBe("2026-10-25T01:45:00.000Z");
    expect(ends([hour], "2026-10-25T00:14:59Z")).toBeNull();
    expect(ends([hour], "2026-10-25T01:44:59Z")).toBe("2026-10-25T01:45:00.000Z");
  });

  test("holds around an hour that is skipped", () => {
    // Berlin's clocks go forward from 02:00 to 03:00 on 29 March 2026, at 01:00 UTC.
    const hour = weekly({ days: ["sun"], from: "02:15", until: "02:45" });
    expect(ends([hour], "2026-03-29T01:00:00Z")).toBe("2026-03-29T01:45:00.000Z");
  });
});

const zones = ["UTC", "Europe/Berlin", "America/New_York", "Pacific/Auckland", "Asia/Kathmandu", "Australia/Lord_Howe"];
const clock = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  .map((parts) => parts.map((part) => String(part).padStart(2, "0")).join(":"));
const window: fc.Arbitrary<WeeklyWindow> = fc.record({
  days: fc.subarray([...weekdays], { minLength: 1, maxLength: 3 }),
  from: clock,
  until: fc.oneof(clock, fc.constant("24:00")),
  timezone: fc.constantFrom(...zones),
});
const between = (from: string, until: string) => fc.integer({ min: Date.parse(from), max: Date.parse(until) });
const instant = fc.oneof(
  between("2024-01-01T00:00:00Z", "2028-01-01T00:00:00Z"),
  // The nights in which the clocks of these zones jump.
  ...["2026-03-08T07", "2026-03-29T01", "2026-04-04T14", "2026-10-25T01", "2026-11-01T06", "2026-09-26T14"].map(
    (hour) =>
      between(
        new Date(Date.parse(`${hour}:00:00Z`) - 10_800_000).toISOString(),
        new Date(Date.parse(`${hour}:00:00Z`) + 10_800_000).toISOString(),
      ),
  ),
);

/** What the clocks of a zone show, read another way than the rule reads it. */
function shown(timeZone: string, at: number): { day: string; time: string } {
  const text = new Date(at).toLocaleString("en-GB", { timeZone, weekday: "short", hour: "2-digit", minute: "2-digit" });
  const [day = "", time = ""] = text.replace(",", "").split(" ");
  return { day: day.toLowerCase(), time };
}
const before = (day: string): string => weekdays[(weekdays.findIndex((name) => name === day) + 6) % 7] ?? "";
function within({ days, from, until, timezone }: WeeklyWindow, at: number): boolean {
  const { day, time } = shown(timezone, at);
  const on = (name: string): boolean => days.some((each) => each === name);
  if (until > from) return on(day) && from <= time && time < until;
  return (on(day) && from <= time) || (on(before(day)) && time < until);
}
const offset = (timeZone: string, at: number): number =>
  Date.parse(`${new Date(at).toLocaleString("sv-SE", { timeZone }).replace(" ", "T")}Z`) - Math.floor(at / 1000) * 1000;
const DAY_MS = 86_400_000;

describe("for every window and instant, by the clocks of the zone", () => {
  test("what lies within it is frozen, and on days without a jump nothing else is", () => {
    fc.assert(
      fc.property(window, instant, (weeklyWindow, at) => {
        const frozen = frozenUntil([{ freezes: [{ weekly: weeklyWindow, reason: "x" }] }], new Date(at)) !== null;
        const inside = within(weeklyWindow, at);
        if (inside) expect(frozen).toBe(true);
        const { timezone } = weeklyWindow;
        const jumps = offset(timezone, at - 2 * DAY_MS) !== offset(timezone, at + 2 * DAY_MS);
        if (!jumps) expect(frozen).toBe(inside);
      }),
      { numRuns: 1000 },
    );
  });

  test("the instant at which it is said to open is open", () => {
    fc.assert(
      fc.property(fc.array(window, { minLength: 1, maxLength: 3 }), instant, (windows, at) => {
        const freezes = windows.map((each) => ({ weekly: each, reason: "x" }));
        fc.pre(approvalSpecSchema.shape.freezes.safeParse(freezes).success);
        const until = frozenUntil([{ freezes }], new Date(at));
        fc.pre(until !== null && until.getTime() - at < 7 * DAY_MS);
        if (until !== null) expect(frozenUntil([{ freezes }], until)).toBeNull();
      }),
      { numRuns: 150 },
    );
  });
});

test("a freeze reads as a sentence", () => {
  expect(describeFreeze(weekly({ days: ["fri", "sat"], until: "08:00" }))).toBe(
    "every Friday and Saturday from 16:00 until 08:00 of the day after, by the clocks of Europe/Berlin: weekend",
  );
});

describe("a weekly freeze is refused", () => {
  const read = (freezes: unknown) => approvalSpecSchema.shape.freezes.safeParse(freezes).success;
  test.each<[string, object]>([
    ["in a zone nobody knows", { timezone: "Europe/Atlantis" }],
    ["in an offset, which knows no summer time", { timezone: "+02:00" }],
    ["on no day", { days: [] }],
    ["on a day that is none", { days: ["friday"] }],
    ["on a day twice", { days: ["fri", "fri"] }],
    ["from an hour that is none", { from: "24:00" }],
    ["until an hour that is none", { until: "24:01" }],
    ["with a field nobody knows", { to: "18:00" }],
    [
      "on every hour of the week: nothing could ever be applied, its own end included",
      { days: weekdays, from: "00:00" },
    ],
  ])("%s", (_, given) => expect(read([weekly(given)])).toBe(false));

  test("only so: the days of a week but for one minute are taken", () => {
    expect(read([weekly({ days: [...weekdays], from: "00:00", until: "23:59" })])).toBe(true);
    expect(read([weekly({}), weekly({ days: ["sat", "sun"], from: "00:00" })])).toBe(true);
  });

  test("in pieces that leave nothing open, as in one", () => {
    const pieces = Array.from({ length: 12 }, (_, index) => {
      const hour = (at: number): string => `${String(at).padStart(2, "0")}:00`;
      return weekly({ days: [...weekdays], from: hour(index * 2), until: hour(index * 2 + 2) });
    });
    expect(read(pieces)).toBe(false);
    expect(read(pieces.slice(1))).toBe(true);
  });
});
