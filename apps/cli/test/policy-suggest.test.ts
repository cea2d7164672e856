import { chmodSync, existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { replaceFile } from "../src/policy/write-file.ts";
import { GOOD, policyWorkshop } from "./policy-support.ts";

const { file, folder, creel } = policyWorkshop();
const record = (more: object): string =>
  JSON.stringify({
    time: "2026-05-01T10:00:00Z",
    org: "o",
    node: "n",
    sandbox: "triage",
    seq: 1,
    kind: "http",
    binary: { path: "/usr/bin/curl", sha256: null, pid: 2, ancestors: [] },
    host: "docs.example.com",
    port: 443,
    protocol: "https",
    method: "GET",
    path: "/guide",
    decision: "would_deny",
    rule: null,
    reason: "",
    policyDigest: "",
    generation: 1,
    bytesIn: 0,
    bytesOut: 0,
    durationMs: 1,
    ...more,
  });
const journal = file("journal.jsonl", `${[record({}), record({ host: "169.254.169.254", port: 80 })].join("\n")}\n`);

test("the policy goes to stdout, loads and allows what was recorded; what is left denied goes to stderr", async () => {
  const { code, out, err } = await creel(["policy", "suggest", journal]);
  expect(code).toBe(0);
  expect(err).toContain("1 entry suggested for 1 request");
  expect(err).toContain("Left denied on purpose:");
  expect(err).toMatch(/GET 169\.254\.169\.254:80/);
  const suggested = file("suggested.yaml", out);
  const asked = { binary: "/usr/bin/curl", host: "docs.example.com", port: 443, method: "GET", path: "/guide" };
  const ask = (request: object) => creel(["policy", "explain", suggested, "--request", JSON.stringify(request)]);
  expect((await ask(asked)).code).toBe(0);
  expect((await ask({ ...asked, method: "DELETE" })).code).toBe(3);
  expect((await ask({ ...asked, host: "169.254.169.254", port: 80 })).code).toBe(3);
});

test("a base keeps its words; --write puts the result in its place and keeps the mode", async () => {
  const base = file("base.yaml", `# of the team\n${GOOD}`);
  chmodSync(base, 0o640);
  const { code, out } = await creel(["policy", "suggest", journal, "--base", base, "--write", base]);
  expect([code, out]).toEqual([0, ""]);
  const text = readFileSync(base, "utf8");
  // Lines are added, perhaps within the program's own entry; none of the team's is gone.
  const lines = text.split("\n");
  const kept = `# of the team\n${GOOD.trimEnd()}`.split("\n");
  expect(kept.filter((line) => !lines.includes(line))).toEqual([]);
  expect(lines[0]).toBe("# of the team");
  expect(text).toContain("docs.example.com");
  expect(statSync(base).mode & 0o777).toBe(0o640);
});

test("a file that is there and is not the base is not replaced without --force", async () => {
  const other = file("other.yaml", "precious");
  expect(await creel(["policy", "suggest", journal, "--write", other])).toMatchObject({
    code: 2,
    err: expect.stringContaining("--force"),
  });
  expect(readFileSync(other, "utf8")).toBe("precious");
  expect((await creel(["policy", "suggest", journal, "--write", other, "--force"])).code).toBe(0);
  expect(readFileSync(other, "utf8")).toContain("docs.example.com");
});

test("--json is whole", async () => {
  const { out } = await creel(["policy", "suggest", "-", "--json"], `${record({})}\nnonsense\n`);
  expect(JSON.parse(out)).toMatchObject({
    entries: 1,
    covered: 1,
    unreadable: 1,
    problems: [{ line: 2 }],
    yaml: expect.stringContaining("docs.example.com"),
  });
});

test("a base that is not valid is wrong usage with its place, and nothing is written", async () => {
  const bad = file("bad.yaml", "version: 1\nnetwork_polices: {}\n");
  const { code, err } = await creel(["policy", "suggest", journal, "--base", bad, "--write", bad]);
  expect(code).toBe(2);
  expect(err).toContain(`${bad}:2:1`);
  expect(readFileSync(bad, "utf8")).toBe("version: 1\nnetwork_polices: {}\n");
});

test("replacing a file follows a link to what it names, and leaves nothing behind where it fails", () => {
  writeFileSync(join(folder, "target"), "old");
  symlinkSync(join(folder, "target"), join(folder, "link"));
  replaceFile(join(folder, "link"), "new");
  expect(readFileSync(join(folder, "target"), "utf8")).toBe("new");
  expect(() => replaceFile(join(folder, "nowhere", "x"), "new")).toThrow(/could not be written/);
});

test("an empty journal suggests nothing: exit code 1, and no file is written", async () => {
  const target = join(folder, "never.yaml");
  const args = ["policy", "suggest", file("empty.jsonl", "\n"), "--write", target];
  expect(await creel(args)).toMatchObject({
    code: 1,
    out: "",
    err: expect.stringContaining("the journal holds no request"),
  });
  expect(existsSync(target)).toBe(false);
  const torn = await creel(["policy", "suggest", file("torn.jsonl", "{\n"), "--json"]);
  expect(torn.code).toBe(2);
  expect(JSON.parse(torn.out).error).toMatchObject({
    message: "the journal holds no request",
    problems: [{ line: 1 }],
  });
});
