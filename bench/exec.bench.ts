import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runSandbox } from "@creel/sandbox";

/** Enough that the start of the shell itself, which is taken off, weighs little. */
const PROGRAMS = 300;
const ROUNDS = 20;
const WARM_UP_ROUNDS = 2;

/** A shell that starts `count` small programs one after the other: a fork, an exec, the loader, an end each. */
const shell = (count: number): string[] => [
  "/bin/sh",
  "-c",
  `i=0; while [ $i -lt ${count} ]; do /usr/bin/true; i=$((i + 1)); done`,
];

async function outside([command = "", ...args]: string[]): Promise<number> {
  const began = process.hrtime.bigint();
  const child = spawn(command, args, { stdio: "ignore" });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  if (code !== 0) throw new Error(`the shell ended with ${code}`);
  return Number(process.hrtime.bigint() - began) / 1e3;
}

/** From the start of the command on, so that the launch is not in it. */
async function inside(folder: string, command: string[]): Promise<number> {
  const place = mkdtempSync(join(folder, "x"));
  const [runDir, stateDir] = [join(place, "r"), join(place, "s")];
  for (const path of [runDir, stateDir]) mkdirSync(path, { mode: 0o700 });
  const sandbox = runSandbox({ id: "bench-exec", runDir, stateDir, command });
  await sandbox.started;
  const began = process.hrtime.bigint();
  const { exitCode } = await sandbox.exited;
  if (exitCode !== 0) throw new Error(`the shell ended with ${exitCode}`);
  return Number(process.hrtime.bigint() - began) / 1e3;
}

/** What starting one small program costs inside a sandbox, where exec and the mapping of its libraries wait for the shim. */
export async function run(): Promise<{ title: string; unit: string; rows: unknown[] }> {
  const folder = mkdtempSync(join(tmpdir(), "creel-bench-"));
  const subjects = [
    { name: "outside", once: outside },
    {
      name: "in a sandbox",
      once: (command: string[]) => inside(folder, command),
      note: "one exec and two mappings of code noted by the shim, each call checked by the filter, each file by Landlock",
    },
  ];
  const times = subjects.map((): number[] => []);
  try {
    for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round++) {
      for (const [row, { once }] of subjects.entries()) {
        const empty = await once(shell(0));
        const each = ((await once(shell(PROGRAMS))) - empty) / PROGRAMS;
        if (round >= WARM_UP_ROUNDS) times[row]?.push(each);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const rows = subjects.map(({ name, ...rest }, row) => {
    const sorted = (times[row] ?? []).sort((a, b) => a - b);
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return { name, runs: sorted.length * PROGRAMS, min: at(0), median: at(0.5), p95: at(0.95), ...rest };
  });
  return { title: "Starting /usr/bin/true from a shell, until it has ended", unit: "µs", rows };
}
