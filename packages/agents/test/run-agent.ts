import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type AgentId, agentPlugins, type ModelProtocol, type PreparedAgent } from "../src/index.ts";
import type { ModelServer } from "./model-server.ts";

export const projectRoot = fileURLToPath(new URL("../../..", import.meta.url));

/** Stands where a key is expected; the tests look for it to see that nothing else is sent. */
export const PLACEHOLDER = "creel-placeholder-0123456789abcdef";

export interface AgentRun {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

interface RunOptions {
  id: AgentId;
  server: ModelServer;
  model: { name: string; protocols: readonly ModelProtocol[] };
  prompt: string;
  timeoutMs: number;
}

/** Runs an agent as its plugin prepares it, on this host: paths of mounts are turned back into their sources. */
export async function runAgent({ id, server, model, prompt, timeoutMs }: RunOptions): Promise<AgentRun> {
  const root = await mkdtemp(join(tmpdir(), "creel-agent-"));
  try {
    const home = join(root, "home");
    const workdir = join(home, "work");
    const caFile = join(root, "ca.crt");
    await mkdir(workdir, { recursive: true });
    await writeFile(caFile, server.caPem);
    const prepared = agentPlugins[id].prepare({
      host: { agentsRoot: join(projectRoot, "agents"), nodePath: process.execPath, arch: process.arch },
      prompt,
      model,
      baseUrl: server.baseUrl,
      placeholderKey: PLACEHOLDER,
      home,
      workdir,
      caFile,
      bundleFile: caFile,
    });
    for (const { path, content } of prepared.files) {
      await mkdir(dirname(join(home, path)), { recursive: true });
      await writeFile(join(home, path), content);
    }
    return await run(prepared, { cwd: workdir, timeoutMs });
  } finally {
    await rm(root, { recursive: true, force: true, maxRetries: 5 });
  }
}

function onHost(argument: string, mounts: PreparedAgent["mounts"]): string {
  const mount = mounts.find(({ target }) => argument === target || argument.startsWith(`${target}/`));
  return mount ? mount.source + argument.slice(mount.target.length) : argument;
}

function run(prepared: PreparedAgent, { cwd, timeoutMs }: { cwd: string; timeoutMs: number }): Promise<AgentRun> {
  const [program = "", ...rest] = prepared.argv.map((argument) => onHost(argument, prepared.mounts));
  return new Promise((done, fail) => {
    const child = spawn(program, rest, {
      cwd,
      env: prepared.env,
      stdio: ["ignore", "pipe", "pipe"],
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      stdout += chunk;
    });
    child.stderr.setEncoding("utf8").on("data", (chunk) => {
      stderr += chunk;
    });
    child.once("error", fail);
    child.once("close", (exitCode) => done({ exitCode, stdout, stderr }));
  });
}
