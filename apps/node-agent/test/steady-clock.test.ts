import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { openSteadyClock, steadyFrom } from "../src/steady-clock.ts";

const dir = mkdtempSync(join(tmpdir(), "creel-clock-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));
let files = 0;
const fresh = (): string => join(dir, `${files++}.json`);
const DAY_MS = 86_400_000;
const NOON_MS = Date.parse("2030-06-01T12:00:00Z");

/** A host whose two clocks the test turns. */
function host(wallMs = NOON_MS) {
  const set: number[] = [];
  const clocks = { wallMs, elapsedMs: 0 };
  const open = (path: string) =>
    openSteadyClock({
      path,
      wall: () => clocks.wallMs,
      elapsed: () => clocks.elapsedMs,
      onSetBack: (byMs) => set.push(byMs),
    });
  return { clocks, open, set };
}

describe("the time by which deadlines are judged", () => {
  it("never goes back and never stands still, whatever is done to the host's clock and however often we restart", async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("pass" as const), ms: fc.integer({ min: 0, max: DAY_MS }) }),
      fc.record({ do: fc.constant("set" as const), ms: fc.integer({ min: -400 * DAY_MS, max: DAY_MS }) }),
      fc.record({ do: fc.constant("restart" as const), ms: fc.constant(0) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { clocks, open } = host();
        const path = fresh();
        let clock = await open(path);
        let last = clock.now();
        for (const { do: what, ms } of steps) {
          if (what === "restart") {
            await clock.save();
            clocks.elapsedMs = 0;
            clock = await open(path);
            // The file keeps whole milliseconds.
            last = Math.floor(last);
          } else {
            clocks.wallMs += ms;
            if (what === "pass") clocks.elapsedMs += ms;
          }
          const now = clock.now();
          expect(now).toBeGreaterThanOrEqual(last + (what === "pass" ? ms : 0));
          expect(now).toBeGreaterThanOrEqual(clocks.wallMs);
          last = now;
        }
      }),
      { numRuns: 60 },
    );
  });

  it("a deadline that was over stays over when the clock is set back before a restart", async () => {
    const { clocks, open, set } = host();
    const path = fresh();
    await (await open(path)).save();
    clocks.wallMs -= 30 * DAY_MS;
    expect((await open(path)).now()).toBe(NOON_MS);
    expect(set).toEqual([30 * DAY_MS]);
  });

  it("a small correction is nobody's news, and a large one is told once", async () => {
    const { clocks, open, set } = host();
    const clock = await open(fresh());
    clocks.wallMs -= 60_000;
    clock.now();
    expect(set).toEqual([]);
    clocks.wallMs -= 1;
    clock.now();
    clock.now();
    expect(set).toEqual([60_001]);
  });

  it.each(["", "{", "null", '{"seenMs":-1}', '{"seenMs":"9999999999999"}', '{"seenMs":1e400}', "\u0000"])(
    "a damaged file (%j) leaves the host's clock, and is mended by the next save",
    async (text) => {
      const { open } = host();
      const path = fresh();
      writeFileSync(path, text);
      const clock = await open(path);
      expect(clock.now()).toBe(NOON_MS);
      await clock.save();
      expect(JSON.parse(readFileSync(path, "utf8"))).toEqual({ seenMs: NOON_MS });
    },
  );

  it("the gateway begins no earlier than its parent's time", () => {
    const now = steadyFrom(NOON_MS, () => NOON_MS - DAY_MS);
    expect(now()).toBeGreaterThanOrEqual(NOON_MS);
  });
});
