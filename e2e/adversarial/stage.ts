/**
 * The host's side of the stage: secrets, a file and a process to harm, servers to reach. Everything of the host is readable and
 * writable by everybody, so that ordinary file permissions protect nothing and only the sandbox can hold an attack.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "../../packages/sandbox/compiler.mjs";
import type { Case } from "./model.ts";
import { type Servers, startServers } from "./servers.ts";

const here = dirname(fileURLToPath(import.meta.url));
const ATTACKS_SOURCE = join(here, "../../packages/sandbox/test/attacks.c");
const CALLS_SOURCE = join(here, "programs/calls.c");
const VICTIM_TEXT = "this file belongs to the host\n";
const VICTIM_MODE = 0o666;
/** Keys of System V memory are 32 bits with a sign. */
const SHM_KEY_MAX = 0x7fff_ffff;
/** Peers run as nobody in particular: a user without rights, also when the suite is started by root. */
export const PEER_ID = 61_234;

export interface Stage {
  base: string;
  /** Files of the host that no contender was given. */
  hostDir: string;
  /** Programs, shown to every contender read-only. */
  tools: string;
  token: string;
  /** Real values of the credentials. */
  secrets: string[];
  servers: Servers;
  abstractName: string;
  /** A piece of System V memory that a case left stands in the host's own list; it is taken away when it was seen. */
  sharedMemoryLeft(): boolean;
  victimPid(): number;
  victimAlive(): boolean;
  victimIntact(): boolean;
  /** A folder that a contender may write. */
  workspace(name: string): string;
  /** What every program is told about the host it is to attack. */
  environment(inside: { work: string; tools: string }): Record<string, string>;
  /** Puts everything back that an attack may have harmed. */
  repair(): void;
  close(): Promise<void>;
}

export async function openStage(cases: readonly Case[]): Promise<Stage> {
  const base = mkdtempSync(join(tmpdir(), "creel-adv-"));
  chmodSync(base, 0o755);
  const [hostDir, tools] = [join(base, "host"), join(base, "tools")];
  for (const path of [hostDir, tools]) mkdirSync(path);
  chmodSync(hostDir, 0o777);
  const token = `host-secret-${randomBytes(16).toString("hex")}`;
  const victimFile = join(hostDir, "victim");
  writeFileSync(join(hostDir, "secret"), `${token}\n`);
  chmodSync(join(hostDir, "secret"), VICTIM_MODE);
  const abstractName = `creel-adversarial-${process.pid}`;
  const sharedMemoryKey = String(randomInt(1, SHM_KEY_MAX));
  const servers = await startServers(abstractName, join(hostDir, "socket"));
  buildTools(tools, cases);
  let victim = startVictim(token);

  const stage: Stage = {
    base,
    hostDir,
    tools,
    token,
    secrets: [],
    servers,
    abstractName,
    sharedMemoryLeft() {
      const there = readFileSync("/proc/sysvipc/shm", "utf8").split(/\s+/).includes(sharedMemoryKey);
      if (there) execFileSync(join(tools, "calls"), ["sysv_remove", sharedMemoryKey], { stdio: "ignore" });
      return there;
    },
    victimPid: () => victim.pid ?? 0,
    victimAlive: () => victim.exitCode === null && victim.signalCode === null && existsSync(`/proc/${victim.pid}`),
    victimIntact: () =>
      existsSync(victimFile) &&
      readFileSync(victimFile, "utf8") === VICTIM_TEXT &&
      (statSync(victimFile).mode & 0o7777) === VICTIM_MODE,
    workspace(name) {
      const path = join(base, `work-${name}`);
      mkdirSync(path);
      chmodSync(path, 0o777);
      return path;
    },
    environment: ({ work, tools: shown }) => ({
      WORK: work,
      TOOLS: shown,
      NODE: join(shown, "node"),
      HOST_DIR: hostDir,
      BASE: base,
      VICTIM_PID: String(victim.pid),
      HARNESS_PID: String(process.pid),
      ABSTRACT: abstractName,
      SHM_KEY: sharedMemoryKey,
      LOOPBACK_PORT: String(servers.ports.loopback),
      EVERYWHERE_PORT: String(servers.ports.everywhere),
      UDP_PORT: String(servers.ports.udp),
      OWN_ADDRESS: servers.ownAddress ?? "127.0.0.2",
    }),
    repair() {
      if (!stage.victimIntact()) {
        rmSync(victimFile, { recursive: true, force: true });
        writeFileSync(victimFile, VICTIM_TEXT);
        chmodSync(victimFile, VICTIM_MODE);
      }
      if (!stage.victimAlive()) victim = startVictim(token);
    },
    async close() {
      victim.kill("SIGKILL");
      await servers.close();
      rmSync(base, { recursive: true, force: true });
    },
  };
  stage.repair();
  return stage;
}

/** A process of the host with the secret in its environment, run by the user that the peers run as. */
function startVictim(token: string): ChildProcess {
  const ids = process.getuid?.() === 0 ? { uid: PEER_ID, gid: PEER_ID } : {};
  const child = spawn("sleep", ["100000"], {
    stdio: "ignore",
    env: { PATH: process.env.PATH ?? "", TOKEN: token },
    ...ids,
  });
  child.on("error", () => {});
  return child;
}

function buildTools(tools: string, cases: readonly Case[]): void {
  copyFileSync(process.execPath, join(tools, "node"));
  copyFileSync(join(here, "programs/lib.mjs"), join(tools, "lib.mjs"));
  compile(["-O1", "-w", "-o", join(tools, "attacks"), ATTACKS_SOURCE]);
  compile(["-O1", "-w", "-o", join(tools, "calls"), CALLS_SOURCE, "-lpthread"]);
  compile(["-O1", "-w", "-shared", "-fPIC", "-o", join(tools, "preload.so"), join(here, "programs/preload.c")]);
  // No code at all: a loader that may be asked to load it is asked by the agent all the same.
  writeFileSync(join(tools, "data.c"), "int creel_nothing = 7;\n");
  compile(["-shared", "-fPIC", "-nostdlib", "-o", join(tools, "data.so"), join(tools, "data.c")]);
  writeFileSync(
    join(tools, "named.mjs"),
    'import { ask, host, say } from "./lib.mjs";\nconst r = await ask("https://" + host("scripted") + "/v1/named");\nsay(r.failed ?? r.status);\n',
  );
  // Another program by its path, the same by its content: policies that go by path must not take one for the other.
  copyFileSync(join(tools, "calls"), join(tools, "trusted"));
  for (const test of cases) writeFileSync(join(tools, fileOf(test)), textOf(test));
  for (const name of ["node", "attacks", "calls", "trusted", "preload.so"]) chmodSync(join(tools, name), 0o755);
}

const fileOf = (test: Pick<Case, "id" | "program">): string =>
  `${test.id}.${test.program.language === "node" ? "mjs" : "sh"}`;

function textOf({ program }: Pick<Case, "program">): string {
  if (program.language === "sh") return program.text;
  if (program.language === "calls") return `exec "$TOOLS"/${program.text}\n`;
  return `import { ${LIBRARY} } from "./lib.mjs";\n${program.text}\n`;
}
const LIBRARY =
  "ask, recovers, resolves, host, lookup, dnsRaw, rawTcp, rawTls, say, fs, net, tls, dgram, cp, sleep, http, http2, h2Frame, h2Block, h2Raw, wsFrame, wsTalk";

/** Printed before the attack: without it nothing was attacked, and nothing counts as held. */
export const BEGAN = "the attack begins";

/** How a contender starts a case, with the tools where it shows them. */
export function commandOf(test: Pick<Case, "id" | "program">, shown: string): string[] {
  const file = join(shown, fileOf(test));
  const program = test.program.language === "node" ? [join(shown, "node"), file] : ["/bin/sh", file];
  return ["/bin/sh", "-c", `echo "${BEGAN}"; exec "$@"`, "sh", ...program];
}
