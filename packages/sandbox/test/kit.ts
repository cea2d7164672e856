import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "../compiler.mjs";
import {
  attachControl,
  attachNetwork,
  type BinaryIdentity,
  launchSandbox,
  type SandboxControl,
  type SandboxNetwork,
  type SandboxSpec,
} from "../src/index.ts";

const here = dirname(fileURLToPath(import.meta.url));
export const ATTACKS = "/opt/attacks";
export const FOR_EVER = ["sleep", "1000000"];

const cleanups: (() => void | Promise<void>)[] = [];
/** Call in afterAll of every file that uses the kit. */
export async function cleanUp(): Promise<void> {
  for (const clean of cleanups.splice(0).reverse()) await clean();
}

export function temporary(): string {
  const base = mkdtempSync(join(tmpdir(), "creel-sbx-"));
  cleanups.push(() => rmSync(base, { recursive: true, force: true }));
  return base;
}

/** Builds the launcher when a checkout has none. */
export function haveLauncher(): void {
  if (!existsSync(join(here, "../build/creel-launch"))) execFileSync(process.execPath, [join(here, "../build.mjs")]);
}

let built: string | null = null;
export function attackProgram(): string {
  if (built) return built;
  haveLauncher();
  const target = join(temporary(), "attacks");
  compile(["-O1", "-w", "-o", target, join(here, "attacks.c")]);
  built = target;
  return target;
}

export interface Basket {
  base: string;
  runDir: string;
  stateDir: string;
  work: string;
  shimPid: number;
  agentPid: number;
  control: SandboxControl;
  /** Runs one attack inside; resolves with what it printed: 0 for success, else the errno. */
  attack(name: string, arg?: string): Promise<number>;
  /** Runs a shell line inside; resolves with its output and exit code. */
  sh(line: string): Promise<{ out: string; code: number | null }>;
}

/** A running sandbox with the attack program inside and /sandbox/work writable. */
export async function basket(overrides: Partial<SandboxSpec> = {}): Promise<Basket> {
  const program = attackProgram();
  const base = temporary();
  const [runDir, stateDir, work] = ["run", "state", "work"].map((name) => {
    mkdirSync(join(base, name), { mode: 0o700 });
    return join(base, name);
  }) as [string, string, string];
  const spec: SandboxSpec = { id: "test", runDir, stateDir, command: FOR_EVER, ...overrides };
  spec.mounts = [
    { source: work, target: "/sandbox/work", mode: "rw" },
    { source: program, target: ATTACKS, mode: "ro" },
    ...(overrides.mounts ?? []),
  ];
  const { shimPid, agentPid } = await launchSandbox(spec);
  const control = await attachControl({ runDir });
  cleanups.push(async () => {
    await control.stop({ graceMs: 0 });
    control.close();
  });
  const run = async (command: string[]) => {
    const { exitCode, stdout, stderr, error } = await control.exec({ command, timeoutMs: 60_000 });
    return { out: stdout + stderr + (error ?? ""), code: exitCode };
  };
  return {
    ...{ base, runDir, stateDir, work, shimPid, agentPid, control },
    attack: async (name, arg = "1") => Number.parseInt((await run([ATTACKS, name, arg])).out, 10),
    sh: (line) => run(["sh", "-c", line]),
  };
}

export interface Visit {
  identity: BinaryIdentity | null;
  destination: string;
}

/** Attaches to the network and answers every connection with "!", reporting who came and where to. */
export async function receptionist(runDir: string): Promise<{ network: SandboxNetwork; next(): Promise<Visit> }> {
  const network = await attachNetwork({ runDir });
  const arrived: Visit[] = [];
  const waiting: ((visit: Visit) => void)[] = [];
  cleanups.push(() => network.close());
  network.listener.on("connection", async (socket) => {
    socket.on("error", () => {});
    const { remoteAddress = "", remotePort = 0, localAddress = "", localPort = 0 } = socket;
    const identity = await network.who({ remoteAddress, remotePort, localAddress, localPort });
    const visit = { identity, destination: `${localAddress}:${localPort}` };
    socket.end("!");
    const taker = waiting.shift();
    if (taker) taker(visit);
    else arrived.push(visit);
  });
  const next = (): Promise<Visit> => {
    const visit = arrived.shift();
    return visit ? Promise.resolve(visit) : new Promise((resolve) => waiting.push(resolve));
  };
  return { network, next };
}
