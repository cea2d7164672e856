import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compilePolicy, decide, lintPolicy, type PolicyRequest, parsePolicy } from "../src/index.ts";
import { must } from "./support.ts";

/** The page is written before the times in it, and read long after. */
const NOW = "2026-12-01T00:00:00Z";
const page = readFileSync(new URL("../../../docs/policy/cookbook.md", import.meta.url), "utf8");
const recipes = page
  .split(/^## /m)
  .slice(1)
  .map((section) => ({
    title: section.split("\n", 1)[0] ?? "",
    section,
    yaml: /```yaml\n([\s\S]*?)```/.exec(section)?.[1] ?? null,
    warned: [...(/^lint warns: (.*)$/m.exec(section)?.[1] ?? "").matchAll(/`(\w+)`/g)].map((match) => match[1] ?? ""),
    rows: [...section.matchAll(/^\| `([^`]+)` \| `([^`]+)` \| (?:`(\{.*\})` )?\| (\w+) \|$/gm)].map((match) => ({
      binary: match[1] ?? "",
      request: match[2] ?? "",
      more: match[3] ?? "{}",
      decision: match[4] ?? "",
    })),
  }));
const files = recipes.flatMap(({ yaml, ...rest }) => (yaml === null ? [] : [{ ...rest, yaml }]));

function requestOf(binary: string, text: string): PolicyRequest {
  const [, method = "", host = "", port = "", path = ""] = /^(\S+) ([^\s:]+):(\d+)(\S*)$/.exec(text) ?? [];
  const connection = { binary, host, port: Number(port) };
  return method === "connect" ? connection : { ...connection, method, path };
}

test("the page holds recipes, and each table row of it was read", () => {
  expect(files.length).toBeGreaterThanOrEqual(13);
  const rowsOnPage = page.split("\n").filter((line) => /^\| `/.test(line)).length;
  expect(files.reduce((sum, { rows }) => sum + rows.length, 0)).toBe(rowsOnPage);
});

describe.each(files)("$title", ({ yaml, warned, rows }) => {
  test("loads, and lint says nothing but what stands beneath it", () => {
    expect([...new Set(lintPolicy(yaml, Date.parse(NOW)).map((problem) => problem.code))]).toEqual(warned);
  });
  test("shows something allowed and something denied", () => {
    expect(rows.some(({ decision }) => decision === "allow")).toBe(true);
    expect(rows.some(({ decision }) => decision === "deny")).toBe(true);
  });
  test.each(rows)("$binary $request $more is $decision", ({ binary, request, more, decision }) => {
    const { at, ...fields } = JSON.parse(more);
    const compiled = compilePolicy(must(parsePolicy(yaml)));
    const got = decide(compiled, { ...requestOf(binary, request), ...fields }, Date.parse(at ?? NOW));
    expect([got.decision, got.reason]).toEqual([decision, got.reason]);
  });
});
