import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { fileReason, writeReason } from "../src/policy/file-reason.ts";
import { GOOD, policyWorkshop } from "./policy-support.ts";

const { file, folder, creel } = policyWorkshop();
const good = file("good.yaml", GOOD);
const bad = file("bad.yaml", GOOD.replace("protocol:", "protcol:"));

test.each([
  [["policy", "lint", "--json"], "creel policy lint", "missing required argument"],
  [["policy", "lint", "--json", "--strct", "x"], "creel policy lint", "Did you mean --strict"],
  [["policy", "replay", "x.jsonl", "--json"], "creel policy replay", "--policy"],
  [["policy", "preset", "tier", "--json"], "creel policy preset tier", "missing required argument"],
  [["policy", "preset", "--json"], "creel policy preset", "--json"],
  [["nonsense", "--json"], "creel", "unknown"],
])("%j: one JSON object on stdout, nothing beside it", async (args, place, words) => {
  const { code, out, err } = await creel(args);
  expect([code, err]).toEqual([2, ""]);
  const { error } = JSON.parse(out);
  expect(error).toEqual({
    message: expect.stringContaining(words),
    place,
    remedy: `${place} --help explains it.`,
    exitCode: 2,
  });
  expect(error.message).not.toMatch(/^error:|\n/);
});

test("for people the hint names the command's own help", async () => {
  const { code, out, err } = await creel(["policy", "preset", "tier"]);
  expect([code, out]).toEqual([2, ""]);
  expect(err).toContain("(creel policy preset tier --help explains it)");
});

test("help that was asked for is help under --json as well", async () => {
  const { code, out } = await creel(["policy", "lint", "--json", "--help"]);
  expect(code).toBe(0);
  expect(out).toContain("Usage: creel policy lint");
});

const request = ["--binary", "/usr/bin/curl", "--host", "a.example.com", "--port", "443"];
test.each([
  ["test", ["test", bad]],
  ["explain", ["explain", bad, ...request]],
  ["diff", ["diff", good, bad]],
  ["format", ["format", bad]],
  ["decide", ["decide", bad]],
  ["preset ls", ["preset", "ls", bad]],
])("%s of a policy that is not valid: 2, one line of message and every problem", async (_name, args) => {
  const { code, out } = await creel(["policy", ...args, "--json"]);
  expect(code).toBe(2);
  const { error } = JSON.parse(out);
  expect(error.message).toBe("the policy is not valid: 1 error");
  expect(error.problems[0]).toMatchObject({ code: "unknown_field", place: { line: 7 } });
  const { err } = await creel(["policy", ...args]);
  expect(err).toContain(`${bad}:7:9: error:`);
});

test("lint goes on behind a file that it cannot read, and each is reported", async () => {
  const binary = file("binary.yaml", Uint8Array.of(0x76, 0xff, 0xfe));
  const { code, out, err } = await creel(["policy", "lint", binary, join(folder, "nothing.yaml"), good]);
  expect(code).toBe(2);
  expect(err).toContain(`${binary}: the policy is not UTF-8 text`);
  expect(err).toContain("nothing.yaml: the policy could not be read: there is no such file");
  expect(out).toContain(`✓ ${good}: valid`);
  const json = await creel(["policy", "lint", "--json", binary, good, bad]);
  expect([json.code, json.err]).toEqual([2, ""]);
  expect(JSON.parse(json.out).files).toMatchObject([
    { file: binary, ok: false, digest: null, problems: [{ code: "unreadable_file", severity: "error" }] },
    { file: good, ok: true, problems: [] },
    { file: bad, ok: false, problems: expect.arrayContaining([expect.objectContaining({ code: "unknown_field" })]) },
  ]);
});

const system = (code: string): Error =>
  Object.assign(new Error(`${code}: said by the system, '/x/.1.creel.tmp'`), { code });

test("a file that may not be read is told as that, and not as one that is missing", () => {
  expect(fileReason(system("EACCES"), "journal")).toEqual({
    reason: "you may not read it",
    remedy: "Ask its owner to let you, or run as a user who may.",
  });
});

test("no reason for a failed write names the file that was to be moved", () => {
  for (const code of ["ENOENT", "ENOTDIR", "EISDIR", "EACCES", "EPERM", "EROFS", "ENOSPC", "ELOOP", "EIO"])
    expect(writeReason(system(code)).reason).not.toContain("tmp");
});

// The superuser may read and write everything.
test.skipIf(process.getuid?.() === 0)("a file without leave to read and a folder without leave to write", async () => {
  const secret = file("secret.yaml", GOOD);
  chmodSync(secret, 0);
  const read = await creel(["policy", "explain", secret, ...request]);
  expect(read).toMatchObject({ code: 2, err: expect.stringContaining("you may not read it") });
  mkdirSync(join(folder, "closed"), { mode: 0o500 });
  const written = await creel(["policy", "preset", "tier", "restricted", "--write", join(folder, "closed", "p.yaml")]);
  expect(written).toMatchObject({ code: 1, err: expect.stringContaining("you may not write in its folder") });
});

test("what cannot be written is told in plain words", async () => {
  const write = (target: string) => creel(["policy", "preset", "tier", "restricted", "--force", "--write", target]);
  const nowhere = await write(join(folder, "nowhere", "p.yaml"));
  expect(nowhere).toMatchObject({ code: 1, err: expect.stringContaining("its folder does not exist") });
  const onFolder = await write(folder);
  expect(onFolder).toMatchObject({ code: 1, err: expect.stringContaining("it is a folder") });
  expect(nowhere.err + onFolder.err).not.toMatch(/creel\.tmp|ENOENT|EISDIR/);
});

test("a journal that is a folder is told as that", async () => {
  for (const args of [
    ["replay", folder, "--policy", good],
    ["suggest", folder],
  ])
    expect(await creel(["policy", ...args])).toMatchObject({ code: 2, err: expect.stringContaining("it is a folder") });
});

test("- is the policy where standard input is free for it, and refused where it is not", async () => {
  expect(await creel(["policy", "explain", "-", ...request], GOOD)).toMatchObject({ code: 3 });
  for (const args of [
    ["explain", "-"],
    ["diff", "-", "-"],
  ])
    expect(await creel(["policy", ...args], GOOD)).toMatchObject({
      code: 2,
      err: expect.stringContaining("standard input holds"),
    });
  for (const args of [
    ["preset", "add", "-", "github"],
    ["preset", "rm", "-", "github"],
    ["decide", "-"],
  ])
    expect(await creel(["policy", ...args], GOOD)).toMatchObject({
      code: 2,
      err: expect.stringContaining("needs a policy file"),
    });
});

test("taking out what is no preset fails with the reason", async () => {
  const { code, err } = await creel(["policy", "preset", "rm", good, "nonsense"]);
  expect(code).toBe(1);
  expect(err).toContain("nonsense");
});
