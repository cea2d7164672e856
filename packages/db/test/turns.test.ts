import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { busyFor, createTurns, GROUP_WAITING_MAX, RETRY_AFTER_SECONDS, type Shares, type Turns } from "../src/turns.ts";

const SHARES: Shares = { atOnceMax: 10, groupAtOnceMax: 4, callerAtOnceMax: 3, callerWaitingMax: 5 };

/** What runs runs until it is let go, so that nothing here hangs on time. */
function stage(turns: Turns) {
  const begun: string[] = [];
  const running: { name: string; letGo: () => void }[] = [];
  const ask = async (group: string, caller = ""): Promise<string> => {
    const name = `${group}${caller}`;
    try {
      await turns.take({ group, caller }, async () => {
        begun.push(name);
        await new Promise<void>((letGo) => running.push({ name, letGo }));
      });
      return "done";
    } catch (error) {
      return busyFor(error) === null ? "broken" : "busy";
    }
  };
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  return {
    begun,
    ask,
    settled,
    count: (group: string) => running.filter(({ name }) => name.startsWith(group)).length,
    letGo: async (name?: string) => {
      const at = name === undefined ? 0 : running.findIndex((one) => one.name === name);
      running.splice(at, 1)[0]?.letGo();
      await settled();
    },
    left: () => running.length,
  };
}

describe("whoever asks for more than their share", () => {
  test("has no more connections than that, and another group is served at once", async () => {
    const { ask, settled, count } = stage(createTurns({ ...SHARES, callerWaitingMax: 500 }));
    for (let i = 0; i < 150; i++) void ask("a", "x");
    await settled();
    expect(count("a")).toBe(SHARES.callerAtOnceMax);
    void ask("a", "y");
    void ask("b");
    await settled();
    expect([count("a"), count("b")]).toEqual([SHARES.groupAtOnceMax, 1]);
  });

  test("waits in the group's turn, callers one after the other whatever each has waiting", async () => {
    const turns = createTurns({ atOnceMax: 1, groupAtOnceMax: 1, callerAtOnceMax: 1, callerWaitingMax: 50 });
    const { ask, begun, letGo, left, settled } = stage(turns);
    for (let i = 0; i < 20; i++) void ask("a", "x");
    for (const caller of ["y", "z"]) void ask("a", caller);
    for (const group of ["b", "c"]) void ask(group);
    await settled();
    for (let i = 0; i < 24; i++) await letGo();
    // Everybody who asked once was served before the flood had its third.
    const third = begun.indexOf("ax", begun.indexOf("ax", begun.indexOf("ax") + 1) + 1);
    for (const once of ["ay", "az", "b", "c"]) expect(begun.indexOf(once)).toBeLessThan(third);
    expect([begun.length, left()]).toEqual([24, 0]);
  });

  test("is refused past the bound, and served again once there is room", async () => {
    const { ask, settled, letGo } = stage(createTurns(SHARES));
    const fits = SHARES.callerAtOnceMax + SHARES.callerWaitingMax;
    const asked = Array.from({ length: fits }, () => ask("a", "x"));
    expect(await ask("a", "x")).toBe("busy");
    void ask("a", "y");
    await settled();
    await letGo("ax");
    asked.push(ask("a", "x"));
    for (let i = 0; i < fits + 2; i++) await letGo("ax");
    expect(await Promise.all(asked)).toEqual(Array.from({ length: fits + 1 }, () => "done"));
  });

  test("keeps nobody out who asks once, however many of the group wait", async () => {
    const { ask, settled, count, letGo } = stage(createTurns(SHARES));
    for (let i = 0; i < GROUP_WAITING_MAX / 2 + SHARES.groupAtOnceMax; i++) void ask("a", `x${i}`);
    for (let i = 0; i < GROUP_WAITING_MAX / 2; i++) void ask("a", `y${i}`);
    await settled();
    expect(await Promise.race([ask("a", "x999"), ask("a", "x999"), settled().then(() => "waits")])).toBe("busy");
    expect(await ask("a", "y1")).toBe("busy");
    expect(await Promise.race([ask("a", "quiet"), settled().then(() => "waits")])).toBe("waits");
    expect(count("a")).toBe(SHARES.groupAtOnceMax);
    await letGo();
  });
});

test("of all groups together no more run than there are connections", async () => {
  const { ask, settled, left } = stage(createTurns(SHARES));
  for (let i = 0; i < 40; i++) void ask(`g${i}`);
  await settled();
  expect(left()).toBe(SHARES.atOnceMax);
});

test("work that fails gives its place back", async () => {
  const turns = createTurns({ atOnceMax: 1, groupAtOnceMax: 1, callerAtOnceMax: 1, callerWaitingMax: 1 });
  const who = { group: "a", caller: "" };
  await expect(turns.take(who, async () => await Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await turns.take(who, async () => "yes")).toBe("yes");
});

test("only what was not begun for want of room is worth asking again", () => {
  expect(busyFor(new Error("another"))).toBeNull();
  expect(busyFor("no error")).toBeNull();
  expect(RETRY_AFTER_SECONDS).toBeGreaterThan(0);
});

describe("whoever may wait for a while alone", () => {
  const turns = createTurns({ atOnceMax: 1, groupAtOnceMax: 1, callerAtOnceMax: 1, callerWaitingMax: 5 });
  const who = { group: "a", caller: "" };

  test("is refused after it, keeps no place, and what was behind goes on", async () => {
    const { ask, settled, letGo, begun } = stage(turns);
    const first = ask("a");
    await settled();
    const refused = turns.take({ ...who, waitMsMax: 1 }, async () => "begun");
    const behind = ask("a", "behind");
    const same = ask("a");
    expect(busyFor(await refused.catch((error: unknown) => error))).toBe(RETRY_AFTER_SECONDS);
    for (let i = 0; i < 3; i++) await letGo();
    expect(await Promise.all([first, behind, same])).toEqual(["done", "done", "done"]);
    expect(begun.length).toBe(3);
  });

  test("and is served before that, is served once", async () => {
    expect(await turns.take({ ...who, waitMsMax: 1 }, async () => await sleep(10, "yes"))).toBe("yes");
    expect(await turns.take(who, async () => "again")).toBe("again");
  });
});
