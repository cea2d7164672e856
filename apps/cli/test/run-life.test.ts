import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "creel-life-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function creel(args: string[], env: Record<string, string> = {}) {
  return new Promise<{ code: number | null; out: string; err: string }>((resolve, reject) => {
    const child = spawn(process.execPath, ["--import", "tsx", main, "run", ...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk) => {
      out += chunk;
    });
    child.stderr.on("data", (chunk) => {
      err += chunk;
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out, err }));
  });
}
const policy = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, `version: 1\n${text}`);
  return file;
};
/** Asks for a place that no policy allows, and goes on when it was refused. */
const KNOCK = "exec 3<>/dev/tcp/192.0.2.1/443; echo x >&3; read <&3 2>/dev/null; exit 7";

test.concurrent("a run whose lifetime is over ends, and the summary says why; nothing of it is on stdout", async () => {
  const file = policy("life.yaml", "sandbox: { limits: { lifetime_seconds: 1 } }\n");
  const { code, out, err } = await creel(["--policy", file, "--", "sleep", "1000"]);
  expect({ code, out }).toEqual({ code: 143, out: "" });
  expect(err).toContain("lifetime_seconds");
});

// Busy for longer than the idle time, with pauses that are a small part of it.
test.concurrent("an idle run ends, and a busy one does not", async () => {
  const file = policy("idle.yaml", "sandbox: { limits: { idle_seconds: 3 } }\n");
  const busy = "for i in $(seq 20); do echo $i; sleep 0.2; done; sleep 1000";
  const { code, out, err } = await creel(["--policy", file, "--", "bash", "-c", busy]);
  expect({ code, out }).toEqual({ code: 143, out: Array.from({ length: 20 }, (_, at) => `${at + 1}\n`).join("") });
  expect(err).toContain("idle_seconds");
});

test.concurrent("--quiet says nothing, and --json ends with one whole summary", async () => {
  expect(await creel(["--quiet", "--", "bash", "-c", KNOCK])).toMatchObject({ code: 7, err: "" });
  const { err, out } = await creel(["--json", "--", "bash", "-c", KNOCK]);
  const lines = err
    .trim()
    .split("\n")
    .map((each) => JSON.parse(each));
  expect(out).toBe("");
  expect(lines.at(-1)).toMatchObject({ summary: { exitCode: 7, totals: { denied: 1 }, policyFile: null } });
  expect(lines[0]).toMatchObject({ decision: "deny", host: "192.0.2.1" });
});

test.concurrent("ATTACK a policy that came with the folder is not used; the user's own default is", async () => {
  const config = join(folder, "config");
  mkdirSync(join(config, "creel"), { recursive: true });
  writeFileSync(join(config, "creel/policy.yaml"), "version: 1\nsandbox: { limits: { open_files: 77 } }\n");
  const { out, err } = await creel(["--", "sh", "-c", "ulimit -n"], { XDG_CONFIG_HOME: config });
  expect(out).toBe("77\n");
  expect(err).toContain("your own default");
});
