/**
 * The others, each as its own documents recommend for an agent that nobody trusts, run by a user without rights. What a peer does not
 * promise is not held against it: its `promises` say what it may be asked.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Case, Contender, Feature, Seen } from "../model.ts";
import { TOOLS } from "../policy.ts";
import { commandOf, PEER_ID, type Stage } from "../stage.ts";

const here = dirname(fileURLToPath(import.meta.url));
const OUTPUT_CHARS_MAX = 512 * 1024;
const PLAIN_ENV = { PATH: "/usr/local/bin:/usr/bin:/bin", LANG: "C.UTF-8" };

const ids = (): { uid?: number; gid?: number } => (process.getuid?.() === 0 ? { uid: PEER_ID, gid: PEER_ID } : {});

function onPath(program: string, path: string): string | null {
  const found = path
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find((file) => existsSync(file));
  return found ?? null;
}

/** One program to its end, in a process group of its own; what is left of the group afterwards is killed. */
function attempt(
  command: string[],
  options: { env: Record<string, string>; cwd: string; timeoutMs: number },
): Promise<Pick<Seen, "code" | "out">> {
  return new Promise((resolve) => {
    const child: ChildProcess = spawn(command[0] ?? "", command.slice(1), {
      ...ids(),
      cwd: options.cwd,
      env: options.env,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    const take = (chunk: Buffer) => {
      if (out.length < OUTPUT_CHARS_MAX) out += chunk.toString("latin1");
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
    const kill = () => {
      try {
        process.kill(-(child.pid ?? 0), "SIGKILL");
      } catch {
        // Nobody of the group is left.
      }
    };
    const timer = setTimeout(kill, options.timeoutMs);
    child.on("error", (error) => resolve({ code: null, out: error.message }));
    // A helper left behind may hold the pipes open: the end of the program itself counts.
    child.on("exit", (code) => {
      clearTimeout(timer);
      setTimeout(() => {
        kill();
        resolve({ code, out });
      }, 20);
    });
  });
}

interface Peer {
  name: string;
  configuration: string;
  promises: Feature[];
  missing(): string | null;
  /** The whole command line for a case. */
  command(test: Case, at: { work: string; stage: Stage }): string[] | Promise<string[]>;
  shown(stage: Stage): string;
  workInside(work: string): string;
  begin?(stage: Stage, work: string): Promise<void>;
  end?(): Promise<void>;
  env?: Record<string, string>;
}

function contender(peer: Peer): Contender {
  let at: { work: string; stage: Stage } | null = null;
  return {
    name: peer.name,
    configuration: peer.configuration,
    promises: new Set(peer.promises),
    missing: peer.missing,
    // What a peer lets through arrives at the servers without anybody in between.
    settle: async () => {},
    records: () => [],
    async start(stage) {
      at = { stage, work: stage.workspace(peer.name) };
      await peer.begin?.(stage, at.work);
    },
    async run(test) {
      if (at === null) throw new Error(`${peer.name} is not started`);
      const { stage, work } = at;
      const env = {
        ...PLAIN_ENV,
        HOME: work,
        ...peer.env,
        ...stage.environment({ work: peer.workInside(work), tools: peer.shown(stage) }),
        RUN_DIR: stage.base,
        STATE_DIR: stage.base,
        SHIM_PID: String(process.pid),
        AGENT_PID: String(stage.victimPid()),
      };
      // Descriptors that this suite was started with are no fault of a peer.
      const command = [join(stage.tools, "calls"), "alone", ...(await peer.command(test, at))];
      return attempt(command, { env, cwd: work, timeoutMs: test.timeoutMs });
    },
    stop: async () => peer.end?.(),
  };
}

export const unconfined = (): Contender =>
  contender({
    name: "unconfined",
    configuration: "an ordinary user without rights, nothing else; shows that the attacks are real",
    promises: [],
    missing: () => null,
    shown: (stage) => stage.tools,
    workInside: (work) => work,
    command: (test, { stage }) => commandOf(test, stage.tools),
  });

export function bwrap(path: string): Contender {
  const program = onPath("bwrap", path);
  return contender({
    name: "bwrap",
    configuration:
      "--unshare-all --die-with-parent --new-session --cap-drop ALL, /usr read-only, own /proc /dev /tmp, root read-only, one read-write workspace",
    promises: [],
    missing: () => (program === null ? "bwrap is not installed" : null),
    shown: () => TOOLS,
    workInside: () => "/sandbox/work",
    command: (test, { work, stage }) => [
      program ?? "bwrap",
      ...["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--hostname", "sandbox"],
      ...["--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/sbin", "/sbin"],
      ...[
        "--symlink",
        "usr/lib",
        "/lib",
        "--symlink",
        "usr/lib64",
        "/lib64",
        "--ro-bind-try",
        "/etc/ld.so.cache",
        "/etc/ld.so.cache",
      ],
      ...["--ro-bind-try", "/etc/ssl", "/etc/ssl", "--ro-bind-try", "/etc/alternatives", "/etc/alternatives"],
      ...[
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--tmpfs",
        "/tmp",
        "--ro-bind",
        stage.tools,
        TOOLS,
        "--bind",
        work,
        "/sandbox/work",
      ],
      ...["--remount-ro", "/"],
      ...["--chdir", "/sandbox/work", ...commandOf(test, TOOLS)],
    ],
  });
}

/** srt keeps proxies in the process that wraps commands; that process runs as the user without rights too. */
export function srt(path: string): Contender {
  let helper: ChildProcess | null = null;
  let settle: ((answer: { command?: string; error?: string }) => void) | null = null;
  const ask = (message: object): Promise<{ command?: string; error?: string }> =>
    new Promise((resolve) => {
      settle = resolve;
      helper?.send(message);
    });
  const lacking = ["bwrap", "socat", "rg"].filter((program) => onPath(program, path) === null);
  return contender({
    name: "srt",
    configuration:
      "0.0.78 as a library: denyRead of the host's folder, allowRead and allowWrite of the workspace, allowedDomains one name, Unix sockets blocked",
    promises: [],
    missing: () => (lacking.length > 0 ? `${lacking.join(", ")} not installed` : null),
    shown: (stage) => stage.tools,
    workInside: (work) => work,
    env: { PATH: path },
    async begin(stage, work) {
      helper = spawn(process.execPath, [join(here, "../programs/srt-host.mjs")], {
        ...ids(),
        cwd: work,
        env: { ...PLAIN_ENV, PATH: path, HOME: work },
        stdio: ["ignore", "ignore", "inherit", "ipc"],
      });
      helper.on("message", (message: { command?: string; error?: string }) => settle?.(message));
      helper.on("exit", () => settle?.({ error: "srt's process ended" }));
      const { error } = await ask({ begin: { base: stage.base, work, tools: stage.tools } });
      if (error !== undefined) throw new Error(`srt cannot start: ${error}`);
    },
    async command(test, { stage }) {
      const words = commandOf(test, stage.tools).map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
      const { command, error } = await ask({ wrap: words.join(" ") });
      if (command === undefined) throw new Error(`srt cannot wrap: ${error}`);
      return ["/bin/sh", "-c", command];
    },
    async end() {
      helper?.kill();
    },
  });
}
