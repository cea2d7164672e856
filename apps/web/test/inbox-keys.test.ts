import { describe, expect, it } from "vitest";
import { type Cursor, cursorOn, landing, meantBy, moved } from "../src/app/(app)/inbox/cursor.ts";
import { acts, moves, pressed } from "../src/app/(app)/inbox/keys.ts";

const list = (keys: string) => [...keys].map((key) => ({ key }));
const on = (keys: string, key: string): Cursor => {
  const cursor = cursorOn(list(keys), key);
  if (cursor === null) throw new Error(`${key} is not in ${keys}`);
  return cursor;
};
const meant = (keys: string, cursor: Cursor | null, selected = ""): string =>
  meantBy(list(keys), { selected: new Set(selected), cursor })
    .map(({ key }) => key)
    .join("");
const none = { ctrlKey: false, metaKey: false, altKey: false, repeat: false, typing: false };

describe("a key of the inbox", () => {
  it.each([...acts, ...moves].map(({ key }) => key))("%s means something once and nothing while it is held", (key) => {
    expect(pressed({ ...none, key })).not.toBeNull();
    expect(pressed({ ...none, key, repeat: true })).toBeNull();
  });
});

describe("what a key acts on", () => {
  it("stays the same request when a new one comes before it, or the order turns round", () => {
    const cursor = on("abc", "a");
    expect(meant("abc", cursor)).toBe("a");
    expect(meant("nabc", cursor)).toBe("a");
    expect(meant("cba", cursor)).toBe("a");
  });
  it("is nothing once the request is gone, and never what stands in its place", () => {
    expect(meant("nbc", on("abc", "a"))).toBe("");
    expect(meant("", on("abc", "a"))).toBe("");
    expect(meant("abc", null)).toBe("");
  });
  it("is what was selected and not the cursor's, also when the selected ones are gone", () => {
    expect(meant("abc", on("abc", "a"), "bc")).toBe("bc");
    expect(meant("ac", on("abc", "a"), "bc")).toBe("c");
    expect(meant("a", on("abc", "a"), "bc")).toBe("");
  });
});

describe("the cursor goes", () => {
  it("from where its request is now, and stops at both ends", () => {
    expect(moved(list("abc"), null, 1)?.key).toBe("a");
    expect(moved(list("abc"), null, -1)?.key).toBe("a");
    expect(moved(list("nabc"), on("abc", "a"), 1)?.key).toBe("b");
    expect(moved(list("nabc"), on("abc", "a"), -1)?.key).toBe("n");
    expect(moved(list("abc"), on("abc", "c"), 1)?.key).toBe("c");
    expect(moved(list("abc"), on("abc", "a"), -1)?.key).toBe("a");
    expect(moved([], on("abc", "a"), 1)).toBeNull();
  });
  it("on from the place of a request that is gone", () => {
    expect(moved(list("acd"), on("abcd", "b"), 1)?.key).toBe("c");
    expect(moved(list("acd"), on("abcd", "b"), -1)?.key).toBe("a");
    expect(moved(list("ab"), on("abcd", "d"), 1)?.key).toBe("b");
  });
  it("after an act to the next that was shown then, past those dealt with, else back; and stays where nothing was done", () => {
    const shown = list("abcd");
    expect(landing(shown, { cursor: on("abcd", "a"), gone: new Set("ab") })?.key).toBe("c");
    expect(landing(shown, { cursor: on("abcd", "d"), gone: new Set("cd") })?.key).toBe("b");
    expect(landing(shown, { cursor: on("abcd", "a"), gone: new Set("b") })?.key).toBe("a");
    expect(landing(shown, { cursor: on("abcd", "a"), gone: new Set() })?.key).toBe("a");
    expect(landing(shown, { cursor: on("abcd", "a"), gone: new Set("abcd") })?.key).toBe("a");
    expect(landing(shown, { cursor: null, gone: new Set("a") })).toBeNull();
  });
});
