/** The tables of codes are what the code says, no more and no less. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readCodes } from "../src/check/codes.ts";
import { lintCodes } from "../src/lint/codes.ts";

const SOURCE = new URL("../src", import.meta.url).pathname;
const sources = ["check", "schema", "yaml"]
  .flatMap((folder) => readdirSync(join(SOURCE, folder)).map((name) => join(SOURCE, folder, name)))
  .filter((path) => path.endsWith(".ts") && !path.endsWith("check/codes.ts"))
  .concat(join(SOURCE, "parse.ts"))
  .map((path) => readFileSync(path, "utf8"));

/** A code is the text behind `error(`, `warn(`, or behind the context of `fail(` and `warn(`. */
const CALL = /\b(?:error|warn|fail)\(\s*(?:ctx,\s*)?((?:"[a-z_0-9]+")|[^"]{1,80}\?\s*"[a-z_0-9]+"\s*:\s*"[a-z_0-9]+")/g;
const spoken = new Set(
  sources.flatMap((text) =>
    [...text.matchAll(CALL)].flatMap((call) =>
      [...(call[1] ?? "").matchAll(/"([a-z_0-9]{3,})"/g)].map((code) => code[1]),
    ),
  ),
);

test("every code that reading speaks is in its table", () => {
  expect(spoken.size).toBeGreaterThan(40);
  expect([...spoken].filter((code) => !readCodes.some((known) => known.code === code))).toEqual([]);
});
test("the table names no code that reading never speaks", () => {
  const all = sources.join("\n");
  expect(readCodes.filter(({ code }) => !all.includes(`"${code}"`))).toEqual([]);
});
test("no code stands twice", () => {
  const codes = [...readCodes, ...lintCodes].map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
});
