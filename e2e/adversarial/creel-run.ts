/** `creel run` as a person starts it: the built command where there is one, its source otherwise. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Seen } from "./model.ts";
import { BEGAN, type Stage } from "./stage.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
/** A command that hangs is killed; a busy machine takes seconds to start one. */
const TIMEOUT_MS = 60_000;

const command = (): string[] =>
  existsSync(join(root, "apps/cli/dist/creel.js"))
    ? [join(root, "apps/cli/bin/creel.js")]
    : ["--import", "tsx", join(root, "apps/cli/src/main.ts")];

export interface Running {
  child: ChildProcess;
  text(): string;
  ended: Promise<number | null>;
}

export function startCreel(stage: Stage, args: string[], env: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, [...command(), ...args], {
    cwd: root,
    env: {
      PATH: "/usr/local/bin:/usr/bin:/bin",
      HOME: stage.hostDir,
      CREEL_HOME: join(stage.base, "creel-home"),
      MINE: stage.secrets[0] ?? "",
      HOST_TOKEN: stage.token,
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
  const timer = setTimeout(() => child.kill("SIGKILL"), TIMEOUT_MS);
  const ended = new Promise<number | null>((resolve) => {
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve(code);
    });
  });
  return { child, text: () => text, ended };
}

/** The command says that it began before it attacks; what never began held nothing. */
const saying = (args: string[]): string[] => {
  const at = args.indexOf("--") + 1;
  return [...args.slice(0, at), "sh", "-c", `echo "${BEGAN}"; exec "$@"`, "sh", ...args.slice(at)];
};

/** One run to its end; the exit code stands in the last line. `refused` where nothing may begin at all. */
export async function runCreel(
  stage: Stage,
  args: string[],
  { env = {}, refused = false }: { env?: Record<string, string>; refused?: boolean } = {},
): Promise<Pick<Seen, "code" | "out">> {
  const running = startCreel(stage, refused ? args : saying(args), env);
  const code = await running.ended;
  return { code, out: `${refused ? `${BEGAN}\n` : ""}${running.text()}\n[exit ${code}]\n` };
}
