import { expect, test } from "vitest";
import { GOOD, policyWorkshop } from "./policy-support.ts";

const { file, creel } = policyWorkshop();
const before = file("before.yaml", GOOD);
const wider = file(
  "wider.yaml",
  GOOD.replace("    binaries:", "          - allow: { method: POST, path: /api/comments }\n    binaries:"),
);
const monitor = file("monitor.yaml", `${GOOD}mode: monitor\n`);

test("what becomes allowed is a sentence with its grade, its sets and an example", async () => {
  const { code, out } = await creel(["policy", "diff", before, wider]);
  expect(code).toBe(0);
  expect(out).toContain("Newly allowed (1)");
  expect(out).toMatch(/^ {2}medium {2}`\/usr\/bin\/curl` may newly send POST to `tickets\.creel\.example:443`/m);
  expect(out).toMatch(/^ {4}example .* tickets\.creel\.example:443\/api\/comments by \/usr\/bin\/curl$/m);
  expect(out).toMatch(/^1 newly allowed, 0 newly denied, 0 settings; gravest: medium$/m);
});

test("the other way round it becomes denied", async () => {
  const { out } = await creel(["policy", "diff", wider, before]);
  expect(out).toContain("Newly denied (1)");
  expect(out).not.toContain("Newly allowed");
});

test("a setting shows its field, before and after", async () => {
  const { out } = await creel(["policy", "diff", before, monitor]);
  expect(out).toMatch(/Settings \(1\)\n {2}critical/);
  expect(out).toMatch(/field +mode widens\n +before +"enforce"\n +after +"monitor"/);
});

test.each([
  [before, wider, "medium", 4],
  [before, wider, "high", 0],
  [before, monitor, "critical", 4],
  [before, before, "none", 0],
  [wider, before, "none", 4],
])("%s to %s with --fail-on %s exits %i", async (from, to, grade, expected) => {
  expect((await creel(["policy", "diff", from, to, "--fail-on", grade])).code).toBe(expected);
});

test("--json is the whole difference, and standard input can be one side", async () => {
  const { code, out } = await creel(["policy", "diff", "-", wider, "--json"], GOOD);
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({
    exact: true,
    risk: "medium",
    settings: [],
    requests: [{ effect: "allow", sentence: expect.any(String), example: {} }],
  });
});

test("no change is said in a word; a bad file or grade is wrong usage", async () => {
  expect((await creel(["policy", "diff", before, before])).out).toContain("Nothing changes");
  const bad = file("bad.yaml", GOOD.replace("port: 443", "prot: 443"));
  expect(await creel(["policy", "diff", before, bad])).toMatchObject({
    code: 2,
    err: expect.stringContaining(`${bad}:6:9`),
  });
  expect(await creel(["policy", "diff", before, wider, "--fail-on", "bad"])).toMatchObject({
    code: 2,
    err: expect.stringContaining("no grade"),
  });
});
