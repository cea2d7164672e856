import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { runSandbox } from "@creel/sandbox";

/** Enough for a p95 that a single slow moment of the machine does not make. */
const RUNS = 100;

/** A peer that is not installed is left out of the table, never guessed. */
const found = (program: string): boolean =>
  (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));

interface Row {
  name: string;
  runs: number;
  min: number;
  median: number;
  p95: number;
  note?: string;
}

const plain = (command: string, args: string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: "ignore" });
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve() : reject(new Error(`${command} ended with ${code}`))));
  });

/** The whole of a sandbox's life around /usr/bin/true: namespaces, root, network with its listener, Landlock, seccomp, end. */
async function creel(folder: string, index: number): Promise<void> {
  const [runDir, stateDir] = [join(folder, `r${index}`), join(folder, `s${index}`)];
  for (const path of [runDir, stateDir]) mkdirSync(path, { mode: 0o700 });
  const sandbox = runSandbox({ id: `bench-${index}`, runDir, stateDir, command: ["/usr/bin/true"] });
  await sandbox.started;
  const { exitCode } = await sandbox.exited;
  if (exitCode !== 0) throw new Error(`the sandbox ended with ${exitCode}`);
}

const bwrapArgs = [
  ...[
    "--unshare-all",
    "--die-with-parent",
    "--ro-bind",
    "/usr",
    "/usr",
    "--symlink",
    "usr/bin",
    "/bin",
    "--symlink",
    "usr/lib",
    "/lib",
  ],
  ...["--symlink", "usr/lib64", "/lib64", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "/usr/bin/true"],
];

/** Rows take turns, so that a slow minute of the machine is shared by all. */
export async function run(): Promise<{ title: string; unit: string; rows: Row[] }> {
  const folder = mkdtempSync(join(tmpdir(), "creel-bench-"));
  const subjects: { name: string; once: (index: number) => Promise<void>; note?: string }[] = [
    { name: "/usr/bin/true alone", once: () => plain("/usr/bin/true", []) },
    {
      name: "creel-launch",
      once: (index) => creel(folder, index),
      note: "network steered, Landlock, seccomp, identity",
    },
  ];
  const unshareArgs = ["-Urnpfm", "--mount-proc", "/usr/bin/true"];
  const peers = [
    { name: "unshare", args: unshareArgs, note: "namespaces, the host's files" },
    { name: "bwrap", args: bwrapArgs, note: "namespaces and a root of its own" },
  ];
  for (const { name, args, note } of peers)
    if (found(name)) subjects.push({ name, once: () => plain(name, args), note });
  const times = subjects.map((): number[] => []);
  try {
    for (let index = 0; index < RUNS; index++) {
      for (const [row, subject] of subjects.entries()) {
        const began = process.hrtime.bigint();
        await subject.once(index);
        times[row]?.push(Number(process.hrtime.bigint() - began) / 1e6);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const rows = subjects.map(({ name, note }, row): Row => {
    const sorted = (times[row] ?? []).sort((a, b) => a - b);
    const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
    return {
      name,
      runs: sorted.length,
      min: at(0),
      median: at(0.5),
      p95: at(0.95),
      ...(note === undefined ? {} : { note }),
    };
  });
  return { title: "From asking to the end of /usr/bin/true, seen from Node", unit: "ms", rows };
}
