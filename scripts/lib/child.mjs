import { spawn } from "node:child_process";

/** How long a child may take to end after SIGTERM before it is killed. */
const KILL_AFTER_MS = 5_000;
/** What is kept of a step's output to show when it fails. */
const TAIL_BYTES = 16 * 1024;
/** By shell convention: 128 + SIGINT, 128 + SIGTERM. */
const EXIT_BY_SIGNAL = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

const running = new Set();
/** A signal came: what waits for a child hears nothing any more, or it would start the next one while this program leaves. */
let ending = false;

/** Signals a child's whole process group: npm, apt and next all start children of their own. */
function signalGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

async function endAll() {
  const children = [...running];
  await Promise.all(
    children.map(
      (child) =>
        new Promise((resolve) => {
          const timer = setTimeout(() => signalGroup(child, "SIGKILL"), KILL_AFTER_MS);
          child.once("close", () => {
            clearTimeout(timer);
            resolve();
          });
          signalGroup(child, "SIGTERM");
        }),
    ),
  );
}

/** From now on Ctrl-C ends the running step's children and leaves; the returned function hands signals back. */
export function endOnSignal() {
  const names = Object.keys(EXIT_BY_SIGNAL);
  const handler = (signal) => {
    if (ending) return;
    ending = true;
    process.stderr.write("\ncreel: stopping; the interrupted step starts afresh next time.\n");
    endAll().then(() => process.exit(EXIT_BY_SIGNAL[signal]));
  };
  for (const name of names) process.on(name, handler);
  return () => {
    for (const name of names) process.removeListener(name, handler);
  };
}

/**
 * Runs a program in its own process group, without a terminal to read from.
 * @param {string} command
 * @param {string[]} args
 * @param {{cwd?: string, env?: NodeJS.ProcessEnv, inherit?: boolean, onLine?: (line: string) => void}} [options]
 * @returns {Promise<{code: number | null, signal: string | null, output: string}>}
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      detached: true,
      stdio: ["ignore", options.inherit ? "inherit" : "pipe", options.inherit ? "inherit" : "pipe"],
    });
    let output = "";
    const take = (chunk) => {
      output = (output + chunk).slice(-TAIL_BYTES);
      const line = String(chunk).trimEnd().split("\n").at(-1);
      if (line) options.onLine?.(line);
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
    child.once("error", reject);
    child.once("spawn", () => running.add(child));
    child.once("close", (code, signal) => {
      running.delete(child);
      if (!ending) resolve({ code, signal, output });
    });
  });
}
