import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { GOOD, policyWorkshop } from "./policy-support.ts";

const { file, creel } = policyWorkshop();
const UGLY = GOOD.replace("host: tickets", "host:   tickets").replace("version: 1", "# why\nversion:    1");

test("--check shows what would change, writes nothing and exits 1", async () => {
  const path = file("check.yaml", UGLY);
  const { code, out } = await creel(["policy", "format", "--check", path]);
  expect(code).toBe(1);
  expect(out).toContain(`✗ ${path} is not in house layout`);
  expect(readFileSync(path, "utf8")).toBe(UGLY);
});

test("a file is formatted in place once, with its comments; then it is in house layout", async () => {
  const path = file("place.yaml", UGLY);
  expect(await creel(["policy", "format", path])).toMatchObject({ code: 0, out: expect.stringContaining("formatted") });
  const text = readFileSync(path, "utf8");
  expect(text).toContain("# why\nversion: 1\n");
  expect(await creel(["policy", "format", "--check", path])).toMatchObject({ code: 0 });
  expect(await creel(["policy", "format", "-"], UGLY)).toMatchObject({ code: 0, out: text });
});

test("a file that is not valid is left as it is", async () => {
  const path = file("bad.yaml", UGLY.replace("port:", "prot:"));
  expect((await creel(["policy", "format", path])).code).toBe(2);
  expect(readFileSync(path, "utf8")).toContain("prot:");
});
