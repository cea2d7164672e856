import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { attachControl, launchSandbox, runSandbox, type SandboxSpec } from "@creel/sandbox";
import { rootWords } from "../packages/sandbox/src/root.ts";
import { parseSpec } from "../packages/sandbox/src/spec.ts";

/** Enough for a p95 that a single slow moment of the machine does not make. */
const RUNS = 100;
/** Rounds of every row that are not counted: a node agent launches from warm code, and so should its peers be launched. */
const WARM_UP_RUNS = 30;
const IDLE_MIB_MAX = 3;
/** Between two launches, so that none runs beside what the kernel still takes down of the one before. */
const PAUSE_MS = 5;

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
async function creel(folder: string, id: string, limits: SandboxSpec["limits"]): Promise<void> {
  const [runDir, stateDir] = [join(folder, `r${id}`), join(folder, `s${id}`)];
  const sandbox = runSandbox({ id: `bench-${id}`, runDir, stateDir, command: ["/usr/bin/true"], limits });
  await sandbox.started;
  const { exitCode } = await sandbox.exited;
  if (exitCode !== 0) throw new Error(`the sandbox ended with ${exitCode}`);
}

const WORDS: Readonly<Record<string, number>> = { mount: 3, symlink: 2, copy: 2, dir: 2, tmpfs: 3, dev: 1, file: 3 };

/** The same root as ours in bwrap's words: every mount, link, device, file and temporary space. It has no pts of its own. */
function bwrapArgs(folder: string): string[] {
  const words = rootWords(parseSpec({ id: "bench", runDir: folder, stateDir: folder, command: ["/usr/bin/true"] }));
  const args = ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"];
  for (let at = 0; at < words.length; ) {
    const [key = "", first = "", second = "", third = ""] = words.slice(at, at + 4);
    at += 1 + (WORDS[key] ?? (key === "proc" || key === "pts" ? 1 : 0));
    if (key === "mount") args.push("--ro-bind", second, third);
    else if (key === "symlink") args.push("--symlink", first, second);
    else if (key === "copy") args.push("--ro-bind", first, second);
    else if (key === "dir") args.push("--dir", first);
    else if (key === "tmpfs") args.push("--tmpfs", first);
    else if (key === "dev") args.push("--dev-bind", first, first);
    else if (key === "proc") args.push("--proc", first);
    else if (key === "file") {
      const copy = join(folder, first.replaceAll("/", "_"));
      writeFileSync(copy, third);
      args.push("--ro-bind", copy, first);
    }
  }
  return [...args, "/usr/bin/true"];
}

/** What an idle sandbox holds beyond its agent: its shim and its PID 1, shared pages counted by their share. */
async function idleMebibytes(folder: string): Promise<number> {
  const [runDir, stateDir] = [join(folder, "idle-run"), join(folder, "idle-state")];
  for (const path of [runDir, stateDir]) mkdirSync(path, { mode: 0o700 });
  const { shimPid, agentPid } = await launchSandbox({ id: "idle", runDir, stateDir, command: ["sleep", "1000"] });
  const control = await attachControl({ runDir });
  try {
    const read = (pid: number, file: string, name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(readFileSync(`/proc/${pid}/${file}`, "utf8"))?.[1]);
    const init = read(agentPid, "status", "PPid");
    return (read(shimPid, "smaps_rollup", "Pss") + read(init, "smaps_rollup", "Pss")) / 1024;
  } finally {
    await control.stop({ graceMs: 0 });
    control.close();
  }
}

interface Claim {
  claim: string;
  holds: boolean;
  measured: string;
}

/** What a launch may cost; a peer that is not on PATH proves nothing and is named as missing. */
function claims(median: ReadonlyMap<string, number>, idle: number): Claim[] {
  const own = median.get("creel-launch") ?? 0;
  const against = (peer: string, bound: number, slower = false): Claim => {
    const other = median.get(peer);
    const ratio = slower ? (other ?? 0) / own : own / (other ?? Number.NaN);
    return {
      claim: slower ? `${peer} takes at least ${bound} times as long` : `at most ${bound} times as long as ${peer}`,
      holds: slower ? ratio >= bound : ratio <= bound,
      measured: other === undefined ? `${peer} is not installed here` : `${ratio.toFixed(2)} times`,
    };
  };
  return [
    against("bwrap", 0.8),
    against("unshare", 1.35),
    against("srt", 6, true),
    {
      claim: `at most ${IDLE_MIB_MAX} MiB beyond the agent while idle (shim and PID 1)`,
      holds: idle <= IDLE_MIB_MAX,
      measured: `${idle.toFixed(2)} MiB`,
    },
  ];
}

/** Rows take turns, so that a slow minute of the machine is shared by all. */
export async function run(): Promise<{ title: string; unit: string; rows: Row[]; claims: Claim[] }> {
  const folder = mkdtempSync(join(tmpdir(), "creel-bench-"));
  const subjects: { name: string; once: (index: number) => Promise<void>; note?: string }[] = [
    { name: "/usr/bin/true alone", once: () => plain("/usr/bin/true", []) },
    {
      name: "creel-launch",
      once: (index) => creel(folder, String(index), {}),
      note: "own root of all mounts, network steered by tproxy, no capabilities, Landlock, seccomp, identity at connect, exec and mmap",
    },
    {
      name: "with a limit of processes",
      once: (index) => creel(folder, `g${index}`, { processes: 100 }),
      note: "the same in a control group of its own, where one can be had; nodes always ask for it",
    },
  ];
  const unshareArgs = ["-Urnpfm", "--mount-proc", "/usr/bin/true"];
  const peers = [
    {
      name: "unshare",
      args: unshareArgs,
      note: "user, PID, network and mount namespaces on the host's files; no root, filter, rules or confinement",
    },
    {
      name: "bwrap",
      args: bwrapArgs(folder),
      note: "all namespaces and the same root, no capabilities; no seccomp, Landlock, egress or identity",
    },
    {
      name: "srt",
      args: ["/usr/bin/true"],
      note: "its command line: bwrap on the host's files, proxies outside, two socat inside, seccomp for unix sockets",
    },
  ];
  for (const { name, args, note } of peers)
    if (found(name)) subjects.push({ name, once: () => plain(name, args), note });
  for (let index = 0; index < WARM_UP_RUNS + RUNS; index++)
    for (const name of ["r", "s", "rg", "sg"]) mkdirSync(join(folder, `${name}${index}`), { mode: 0o700 });
  const idle = await idleMebibytes(folder);
  const times = subjects.map((): number[] => []);
  try {
    for (let index = 0; index < WARM_UP_RUNS + RUNS; index++) {
      for (const [row, subject] of subjects.entries()) {
        const began = process.hrtime.bigint();
        await subject.once(index);
        const taken = Number(process.hrtime.bigint() - began) / 1e6;
        if (index >= WARM_UP_RUNS) times[row]?.push(taken);
        await sleep(PAUSE_MS);
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
  const median = new Map(rows.map((row) => [row.name, row.median]));
  const title = "From asking to the end of /usr/bin/true, seen from Node";
  return { title, unit: "ms", rows, claims: claims(median, idle) };
}
