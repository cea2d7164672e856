import { POLICY_BYTES_MAX } from "@creel/policy";
import { expect, test } from "vitest";
import { GOOD, policyWorkshop } from "./policy-support.ts";

const { file, folder, creel } = policyWorkshop();

test("a misspelt field is shown with its line, a caret under it and the word that was meant", async () => {
  const bad = file("bad.yaml", GOOD.replace("protocol:", "protcol:"));
  const { code, out } = await creel(["policy", "lint", bad]);
  expect(code).toBe(1);
  const lines = out.split("\n");
  const at = lines.findIndex((line) => line.startsWith(`${bad}:7:9: error: There is no field`));
  expect(lines.slice(at, at + 5)).toEqual([
    `${bad}:7:9: error: There is no field \`protcol\` here. [unknown_field] (network_policies.tickets.endpoints[0])`,
    "  6 |         port: 443",
    "  7 |         protcol: rest",
    "    |         ^^^^^^^",
    "    → Did you mean `protocol`?",
  ]);
});

test("all errors of a file are shown at once, and counted", async () => {
  const bad = file(
    "many.yaml",
    GOOD.replace("port: 443", "port: 443a").replace("GET", "FETCH IT").replace("/usr/bin/curl", "curl"),
  );
  const { out } = await creel(["policy", "lint", bad]);
  expect(out).toContain("not valid: 3 errors, 0 warnings");
});

test("warnings of a reviewer do not fail, unless --strict says so", async () => {
  const wide = file("wide.yaml", GOOD.replace("/usr/bin/curl", "/**"));
  const lax = await creel(["policy", "lint", wide]);
  expect(lax).toMatchObject({ code: 0, out: expect.stringContaining("warning:") });
  expect(lax.out).toContain("[any_binary]");
  const strict = await creel(["policy", "lint", "--strict", wide]);
  expect(strict).toMatchObject({ code: 1, out: expect.stringContaining("under --strict") });
});

test("a file whose own tests fail is not ok and has no digest", async () => {
  const text = `${GOOD}tests:
  - request: { binary: /usr/bin/curl, host: tickets.creel.example, port: 443, method: POST, path: /api/x }
    expect: allow
`;
  const { code, out } = await creel(["policy", "lint", "--json", file("tests.yaml", text)]);
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({ ok: false, digest: null, problems: [{ code: "test_failed" }] });
});

test("- reads standard input", async () => {
  expect(await creel(["policy", "lint", "-"], GOOD)).toMatchObject({
    code: 0,
    out: expect.stringContaining("✓ <stdin>: valid"),
  });
  expect(await creel(["policy", "lint", "-"], "version: 2\n")).toMatchObject({
    code: 1,
    out: expect.stringMatching(/^<stdin>:1:/),
  });
});

test("--json of several files is one object, in order", async () => {
  const good = file("good.yaml", GOOD);
  const { out } = await creel(["policy", "lint", "--json", good, file("worse.yaml", "version: 3\n")]);
  expect(JSON.parse(out)).toMatchObject({
    files: [
      { file: good, ok: true },
      { ok: false, digest: null },
    ],
  });
});

test("what is no text, no file, or no policy by its size is wrong usage with the reason", async () => {
  expect(await creel(["policy", "lint", folder])).toMatchObject({
    code: 2,
    err: expect.stringContaining("it is a folder"),
  });
  const binary = file("binary.yaml", Uint8Array.of(0x76, 0xff, 0xfe));
  expect(await creel(["policy", "lint", binary])).toMatchObject({ code: 2, err: expect.stringContaining("not UTF-8") });
  const exact = file("exact.yaml", `version: 1\n#${"x".repeat(POLICY_BYTES_MAX - 12)}`);
  expect((await creel(["policy", "lint", exact])).code).toBe(0);
  const large = file("large.yaml", `version: 1\n#${"x".repeat(POLICY_BYTES_MAX - 11)}`);
  expect(await creel(["policy", "lint", large])).toMatchObject({
    code: 2,
    err: expect.stringContaining("larger than 4 MiB"),
  });
  expect(await creel(["policy", "lint", "-"], `#${"x".repeat(POLICY_BYTES_MAX)}`)).toMatchObject({ code: 2 });
});

test("a terminal is not steered by what the file says", async () => {
  const evil = file("evil.yaml", `version: 1\n"\\e[2J\u001b[31mx": 1\n`);
  const { out } = await creel(["policy", "lint", evil]);
  expect(out).not.toContain("\u001b");
});

test("on a terminal no sentence is wider than it, and piped each problem stays one line", async () => {
  const bad = file("b.yaml", GOOD.replace("protocol:", "protcol:").replace("/usr/bin/curl", "/**"));
  const piped = await creel(["policy", "lint", bad]);
  expect(piped.out).toMatch(/protcol.*\[unknown_field\] \(network_policies\.tickets\.endpoints\[0\]\)\n/);
  const shown = await creel(["policy", "lint", bad], "", { columns: 60, colour: true });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are of no width
  const lines = shown.out.replace(/\x1b\[[0-9]+m/g, "").split("\n");
  for (const text of lines)
    if (text.trim().includes(" ")) expect({ text, fits: text.length <= 60 }).toMatchObject({ fits: true });
  const words = (text: string): string => text.replace(/\s+/g, " ");
  expect(words(lines.join("\n"))).toBe(words(piped.out));
});
