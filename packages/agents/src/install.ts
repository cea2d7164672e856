/**
 * Threat: an agent's npm packages are code of strangers. Invariant: nothing of them runs outside a sandbox, so they are
 * installed from a checked-in lock with its integrity hashes and without their install scripts.
 */
import { spawn } from "node:child_process";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { underLock } from "./install-lock.ts";
import { agentPlugins } from "./plugins.ts";
import { AgentError, type AgentId } from "./types.ts";

/** A cold cache on a slow line takes a minute or two for the largest agent (400 MB). */
export const INSTALL_TIMEOUT_MS = 10 * 60_000;
/** Whoever installs ends by INSTALL_TIMEOUT_MS; what is held for longer than that is not an installation. */
const WAIT_MS_MAX = INSTALL_TIMEOUT_MS + 60_000;
/** How often a long installation says that it is still at work. */
const PROGRESS_INTERVAL_MS = 3_000;
/** The end of npm's own words shown when it fails. */
const ERROR_CHARS_MAX = 2_000;

/** npm writes this file last, so a folder without it is a half-finished installation. */
const HIDDEN_LOCK = "node_modules/.package-lock.json";

/** Is the agent there, whole, and in the version its lock names? `root` is the project's root. */
export async function agentInstalled(root: string, id: AgentId): Promise<boolean> {
  const entry = agentPlugins[id].entry(process.arch);
  if (entry === null) return true;
  const folder = join(root, "agents", id);
  const there = await access(join(folder, entry)).then(
    () => true,
    () => false,
  );
  if (!there) return false;
  const [wanted, found] = await Promise.all([
    lockedVersions(join(folder, "package-lock.json")),
    lockedVersions(join(folder, HIDDEN_LOCK)),
  ]);
  // Optional packages of other platforms stand in the lock and are rightly absent.
  return found.size > 0 && [...found].every(([path, version]) => wanted.get(path) === version);
}

async function lockedVersions(file: string): Promise<Map<string, string>> {
  const text = await readFile(file, "utf8").catch(() => "{}");
  const { packages = {} }: { packages?: Record<string, { version?: string }> } = JSON.parse(text);
  return new Map(
    Object.entries(packages).flatMap(([path, { version }]) => (path !== "" && version ? [[path, version]] : [])),
  );
}

/** Installs the agent from its lock; does nothing when it is there already. */
export async function installAgent(root: string, id: AgentId, onProgress: (line: string) => void): Promise<void> {
  if (await agentInstalled(root, id)) return;
  const file = join(root, "agents", id, ".install.lock");
  const lock = { file, title: agentPlugins[id].title, waitMsMax: WAIT_MS_MAX, onProgress };
  await underLock(lock, () => install({ root, id, onProgress }));
}

interface Install {
  root: string;
  id: AgentId;
  onProgress: (line: string) => void;
}

async function install({ root, id, onProgress }: Install): Promise<void> {
  // Another process may have done it while this one waited for the lock.
  if (await agentInstalled(root, id)) return;
  const { title } = agentPlugins[id];
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  onProgress(`Installing ${title}…`);
  const timer = setInterval(() => onProgress(`Installing ${title}… ${seconds()} s`), PROGRESS_INTERVAL_MS);
  try {
    await npmCi(join(root, "agents", id), title);
  } finally {
    clearInterval(timer);
  }
  if (!(await agentInstalled(root, id))) {
    throw new AgentError(
      `${title} is incomplete after its installation; remove agents/${id}/node_modules and try again.`,
    );
  }
  onProgress(`Installed ${title} in ${seconds()} s.`);
}

function npmCi(folder: string, title: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    const child = spawn("npm", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"], timeout: INSTALL_TIMEOUT_MS });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
      said = (said + chunk).slice(-ERROR_CHARS_MAX);
    });
    child.once("error", (error) => {
      reject(
        new AgentError(`Cannot start npm to install ${title} (${error.message}); install npm, or put it in PATH.`),
      );
    });
    child.once("close", (code, signal) => {
      if (code === 0) return resolve();
      const how = signal ? `was stopped by ${signal}` : `ended with ${code}`;
      reject(new AgentError(`npm ci in agents/ for ${title} ${how}; check the network and try again.\n${said.trim()}`));
    });
  });
}
