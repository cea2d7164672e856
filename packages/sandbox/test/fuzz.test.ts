import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const main = join(dirname(fileURLToPath(import.meta.url)), "../fuzz/main.mjs");
const ROUNDS = 3000;
/** Seconds of work, which a busy host stretches. */
const FUZZ_TIMEOUT_MS = 120_000;

test(
  "mutated specs and requests neither crash the launcher's readers nor make them keep memory or descriptors",
  () => {
    // The same rounds each time: a finding here is found again.
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, "--rounds", String(ROUNDS), "--seed", "1"], {
      encoding: "utf8",
      timeout: FUZZ_TIMEOUT_MS,
    });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ rounds: ROUNDS });
    expect(JSON.parse(stdout).accepted).toBeGreaterThan(0);
  },
  FUZZ_TIMEOUT_MS,
);
