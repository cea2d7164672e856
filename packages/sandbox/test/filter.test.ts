import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { compile } from "../compiler.mjs";
import { cleanUp, temporary } from "./kit.ts";

afterAll(cleanUp);

test("the filter's tree says of every call, in every profile, what the rule of that call says", () => {
  const program = join(temporary(), "filter");
  compile(["-O1", "-w", "-D_GNU_SOURCE", "-o", program, join(dirname(fileURLToPath(import.meta.url)), "filter.c")]);
  expect(Number(execFileSync(program, { encoding: "utf8" }))).toBeGreaterThan(1_000_000);
});
