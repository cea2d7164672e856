import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createThrottle } from "../src/throttle.ts";

/** A clock that stands until a test moves it. */
function manualClock() {
  let nowMs = 0;
  let due: { at: number; callback: () => void }[] = [];
  return {
    now: () => nowMs,
    after(ms: number, callback: () => void) {
      const item = { at: nowMs + ms, callback };
      due.push(item);
      return () => {
        due = due.filter((other) => other !== item);
      };
    },
    /** Moves on step by step, so that what is due in between happens in between. */
    async advance(ms: number) {
      const end = nowMs + ms;
      for (;;) {
        const [next] = due.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (next === undefined) break;
        due = due.filter((other) => other !== next);
        nowMs = Math.max(nowMs, next.at);
        next.callback();
        await Promise.resolve();
      }
      nowMs = end;
    },
  };
}

describe("a throttle", () => {
  it("lets everything pass while nothing is limited", () => {
    const throttle = createThrottle(manualClock());
    expect(throttle.take(1e9)).toBeNull();
  });

  it("lets a second's worth go at once and the rest at its rate, in order", async () => {
    const clock = manualClock();
    const throttle = createThrottle(clock);
    throttle.setRate(1000);
    const gone: string[] = [];
    const take = (name: string, bytes: number) => {
      const waits = throttle.take(bytes);
      if (waits === null) gone.push(name);
      else void waits.then(() => gone.push(name));
    };
    take("a", 1000);
    take("b", 1);
    take("c", 500);
    take("d", 1);
    expect(gone).toEqual(["a", "b"]);
    await clock.advance(1);
    expect(gone).toEqual(["a", "b", "c"]);
    await clock.advance(498);
    expect(gone).toEqual(["a", "b", "c"]);
    await clock.advance(2);
    expect(gone).toEqual(["a", "b", "c", "d"]);
  });

  it("never lets more pass than rate times time and one second's worth, whatever is asked when", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5000 }),
        fc.array(fc.tuple(fc.integer({ min: 1, max: 4000 }), fc.nat(700)), { minLength: 1, maxLength: 40 }),
        async (rate, asked) => {
          const clock = manualClock();
          const throttle = createThrottle(clock);
          throttle.setRate(rate);
          let passed = 0;
          let largest = 0;
          for (const [bytes, pauseMs] of asked) {
            largest = Math.max(largest, bytes);
            const waits = throttle.take(bytes);
            if (waits === null) passed += bytes;
            else
              void waits.then(() => {
                passed += bytes;
              });
            await clock.advance(pauseMs);
            // The last one may begin while nothing is owed, and is paid for afterwards.
            expect(passed).toBeLessThanOrEqual(rate * (1 + clock.now() / 1000) + largest + 1);
          }
          await clock.advance(1e9);
          expect(passed).toBe(asked.reduce((sum, [bytes]) => sum + bytes, 0));
        },
      ),
      { numRuns: 200 },
    );
  });

  it("takes a new rate at once for what waits", async () => {
    const clock = manualClock();
    const throttle = createThrottle(clock);
    throttle.setRate(10);
    throttle.take(10_010);
    let gone = false;
    void throttle.take(1)?.then(() => {
      gone = true;
    });
    await clock.advance(1000);
    expect(gone).toBe(false);
    throttle.setRate(100_000);
    await clock.advance(100);
    expect(gone).toBe(true);
  });

  it("holds nobody when its sandbox ends", async () => {
    const throttle = createThrottle(manualClock());
    throttle.setRate(1);
    throttle.take(1000);
    const waits = throttle.take(1);
    throttle.close();
    await waits;
    expect(throttle.take(1e9)).toBeNull();
  });
});
