import { describe, expect, test } from "vitest";
import { pathsOverlap } from "../src/suggest/overlap.ts";

describe("whether two path patterns could mean one path", () => {
  test.each([
    ["/k/x", "/\u212A/**"],
    ["/admin", "/ADMIN"],
    ["/a/*/b", "/a/x/*"],
    ["/**/x", "/x"],
  ])("%s and %s could", (one, other) => {
    expect(pathsOverlap(one, other)).toBe(true);
    expect(pathsOverlap(other, one)).toBe(true);
  });
  test.each([
    ["/a", "/b"],
    ["/a/*", "/a/b/c"],
  ])("%s and %s could not", (one, other) => {
    expect(pathsOverlap(one, other)).toBe(false);
    expect(pathsOverlap(other, one)).toBe(false);
  });
});
