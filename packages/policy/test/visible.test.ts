import { expect, it } from "vitest";
import { exceptionProblem, isVisible, visible, visibleLines } from "../src/index.ts";

it.each([
  ["an override of direction", "/a\u202eb", "/a\\u202eb"],
  ["an isolate", "x\u2066y\u2069", "x\\u2066y\\u2069"],
  ["a space of no width", "pay\u200bpal", "pay\\u200bpal"],
  ["a byte order mark", "\ufeffa", "\\ufeffa"],
  ["a terminal's escape", "\u001b[2J", "\\u001b[2J"],
  ["a C1 control", "\u009b2J", "\\u009b2J"],
  ["a second line", "a\nb", "a\\u000ab"],
  ["a line separator", "a\u2028b", "a\\u2028b"],
  ["a Hangul filler", "\u3164", "\\u3164"],
  ["an empty Braille pattern", "/usr/bin/curl\u2800", "/usr/bin/curl\\u2800"],
  ["Khitan's filler", "a\u{16fe4}", "a\\u{16fe4}"],
  ["the head of no note", "a\u{1d159}", "a\\u{1d159}"],
  ["the place of an object", "a\ufffc", "a\\ufffc"],
  ["a tag of language", "a\u{e0041}", "a\\u{e0041}"],
  ["a space that is none", "a\u00a0b", "a\\u00a0b"],
  ["half a pair", "a\ud800", "a\\ud800"],
])("%s is shown as its number", (_what, text, shown) => {
  expect(visible(text)).toBe(shown);
  expect(isVisible(text)).toBe(false);
});

it("leaves what people write as it is", () => {
  for (const text of ["/items/*?a=b", "für die Freigabe", "レポート", "a b", "\\u202e", "🦞"])
    expect(visible(text)).toBe(text);
});

it("keeps the lines of what has lines", () => {
  expect(visibleLines("a\r\nb\n\u202ec")).toBe("a\nb\n\\u202ec");
});

const scope = {
  id: "",
  binary: "/usr/bin/curl",
  host: "a.example",
  port: 443,
  method: "GET",
  once: false,
  endsAtMs: 0,
};
it.each([
  ["a path whose class means everything", { path: "/v1/status[!\u202e]**" }],
  ["a path with a space of no width", { path: "/a\u200b" }],
  ["a path that is not as requests are judged", { path: "/ä" }],
  ["a program whose name turns round", { binary: "/w/\u2066x", path: "/a" }],
  ["a program with a line of its own", { binary: "/w/a\nb", path: "/a" }],
])("no exception can name %s", (_what, more) => {
  expect(exceptionProblem({ ...scope, path: "/a" })).toBeNull();
  expect(exceptionProblem({ ...scope, ...more })).not.toBeNull();
});
