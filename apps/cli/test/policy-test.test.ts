import { expect, test } from "vitest";
import { GOOD, policyWorkshop } from "./policy-support.ts";

const { file, creel } = policyWorkshop();
const TESTS = `${GOOD}tests:
  - name: reading is allowed
    request: { binary: /usr/bin/curl, host: tickets.creel.example, port: 443, method: GET, path: /api/x }
    expect: allow
    rule: tickets
  - name: writing is denied
    request: { binary: /usr/bin/curl, host: tickets.creel.example, port: 443, method: POST, path: /api/x }
    expect: deny
`;

test("each test is named; all pass: exit code 0", async () => {
  const path = file("pass.yaml", TESTS);
  const { code, out } = await creel(["policy", "test", path]);
  expect(code).toBe(0);
  expect(out.split("\n")).toEqual([
    "  ✓ 1 reading is allowed",
    "  ✓ 2 writing is denied",
    `✓ ${path}: 2 tests passed, 0 failed`,
    "",
  ]);
});

test("a failing one says what was expected, what it got, why, and where; exit code 1", async () => {
  const path = file("fail.yaml", TESTS.replace("expect: deny", "expect: allow"));
  const { code, out } = await creel(["policy", "test", path]);
  expect(code).toBe(1);
  expect(out).toContain(`  ✗ 2 writing is denied  ${path}:17:5`);
  expect(out).toContain("expected allow");
  expect(out).toContain("got      deny by `tickets`: Entry `tickets` does not allow POST /api/x.");
  expect(out).toContain("17 |   - name: writing is denied");
});

test("the entry that decides is part of the expectation", async () => {
  const path = file("rule.yaml", TESTS.replace("rule: tickets", "rule: other"));
  const { code, out } = await creel(["policy", "test", "--json", path]);
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    file: path,
    passed: 1,
    failed: 1,
    results: [{ passed: false, expected: { rule: "other" } }, { passed: true }],
  });
});

test("a file without tests says so; one that is not valid is wrong usage", async () => {
  expect(await creel(["policy", "test", file("none.yaml", GOOD)])).toMatchObject({
    code: 0,
    out: expect.stringContaining("no tests"),
  });
  const bad = file("bad.yaml", TESTS.replace("expect: deny", "expect: denied"));
  expect(await creel(["policy", "test", bad])).toMatchObject({
    code: 2,
    err: expect.stringContaining("Write one of: allow, deny"),
  });
});

test("one failing file of several fails the whole", async () => {
  const { code, out } = await creel([
    "policy",
    "test",
    "--json",
    file("pass.yaml", TESTS),
    file("fail.yaml", TESTS.replace("expect: deny", "expect: allow")),
  ]);
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({ files: [{ failed: 0 }, { failed: 1 }] });
});
