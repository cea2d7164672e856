// Fuzzes what creel-launch reads from outside: node packages/sandbox/fuzz/main.mjs [--minutes N] [--rounds N] [--seed N]
// Prints one JSON line with what was tried; on a finding the sanitizer's report, and ends with 1.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { register } from "tsx/esm/api";

register();
const { fuzzSeeds } = await import("./seeds.ts");

const here = dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({
  options: { minutes: { type: "string" }, rounds: { type: "string" }, seed: { type: "string" } },
});
const seconds = Math.round(Number(values.minutes ?? (values.rounds ? 60 : 1)) * 60);
const folder = mkdtempSync(join(tmpdir(), "creel-fuzz-"));
try {
  const harness = join(folder, "harness");
  const sources = ["frame.c", "spec.c", "control.c"].map((name) => join(here, "..", "src", "launch", name));
  const flags = ["-std=gnu11", "-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-pthread"];
  // biome-ignore lint/style/noProcessEnv: CC is how every C project lets one choose the compiler.
  const compiler = process.env.CC ?? "cc";
  const built = spawnSync(compiler, [...flags, "-o", harness, join(here, "harness.c"), ...sources], {
    encoding: "utf8",
  });
  if (built.status !== 0) throw new Error(`the harness does not build: ${built.error?.message ?? built.stderr}`);
  writeFileSync(join(folder, "seeds"), Buffer.concat(fuzzSeeds()));
  const words = [join(folder, "seeds"), String(seconds), values.seed ?? String(Date.now())];
  if (values.rounds) words.push(values.rounds);
  const { status } = spawnSync(harness, words, { stdio: ["ignore", "inherit", "inherit"] });
  process.exitCode = status === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
