import { expect, test } from "vitest";
import { painter } from "../src/io.ts";
import { describeStarted } from "../src/up/welcome.ts";

const FIRST = "the-first-password";
const told = (owner: { owns: boolean; passwordHolds: boolean }): string =>
  describeStarted(
    {
      dev: { webUrl: "http://127.0.0.1:7400" },
      owner: { email: "owner@creel.local", password: FIRST, ...owner },
      node: null,
      paths: { devJson: "/x/dev.json", logs: "/x/logs" },
    },
    painter(false),
  );

test("a start prints the first password as long as it opens the door", () => {
  expect(told({ owns: true, passwordHolds: true })).toMatch(
    /Sign in +owner@creel\.local\n +Password +the-first-password/,
  );
});

test("a start says that the password was changed, and prints the first one no more", () => {
  const text = told({ owns: true, passwordHolds: false });
  expect(text).not.toContain(FIRST);
  expect(text).toContain("the one it was changed to");
});

test("a start sends nobody in as an owner who was removed", () => {
  const text = told({ owns: false, passwordHolds: true });
  expect(text).not.toContain(FIRST);
  expect(text).toContain("owner@creel.local is none any more");
});
