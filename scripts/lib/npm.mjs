import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./child.mjs";
import { StepFailure } from "./failure.mjs";
import { step } from "./progress.mjs";
import { root } from "./root.mjs";
import { clearStamp, digestOf, isStamped, writeStamp } from "./stamp.mjs";

const NETWORK_FAULT = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT|network/;
const NO_SPACE = /ENOSPC/;

/** What an outer `npm start` left in the environment would steer an inner npm to the outer package. */
function cleanEnv() {
  const env = { ...process.env };
  for (const key of Object.keys(env)) {
    if (/^npm_(package|lifecycle)_/.test(key) || key === "npm_config_local_prefix" || key === "npm_command")
      delete env[key];
  }
  // npm's own patience (minutes) is too long for a machine that is simply offline.
  env.npm_config_fetch_retries ??= "2";
  env.npm_config_fetch_retry_mintimeout ??= "1000";
  env.npm_config_fetch_retry_maxtimeout ??= "5000";
  return env;
}

/** The npm that started us, by the Node that runs us; else the one in PATH. */
function npmCommand() {
  const script = process.env.npm_execpath;
  if (script && existsSync(script) && /npm-cli\.[cm]?js$/.test(script)) return [process.execPath, [script]];
  return ["npm", []];
}

/**
 * npm writes `node_modules/.package-lock.json` last. When it lists every required package of our lock at the same
 * version, somebody's own `npm ci` did the work and there is nothing to repeat.
 */
function npmFinished(folder) {
  const hidden = join(folder, "node_modules/.package-lock.json");
  if (!existsSync(hidden)) return false;
  try {
    const wanted = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8")).packages;
    const present = JSON.parse(readFileSync(hidden, "utf8")).packages;
    return Object.entries(wanted).every(
      ([path, entry]) =>
        path === "" ||
        entry.optional ||
        entry.devOptional ||
        !path.includes("node_modules") ||
        entry.link ||
        entry.peer ||
        (present[path]?.version === entry.version && existsSync(join(folder, path))),
    );
  } catch {
    return false;
  }
}

/**
 * Installs a folder's packages from its lock file when they are missing, older than the lock, or half there.
 * @param {{title: string, path: string, scripts?: boolean}} options `scripts: false` for strangers' programs, which run in sandboxes only
 */
export async function installPackages({ title, path, scripts = true }) {
  const folder = join(root, path);
  const digest = digestOf([join(path, "package-lock.json")]);
  // Inside node_modules, because `npm ci` begins by deleting that: an interrupted install takes the stamp with it.
  const stamp = join(folder, "node_modules/.creel-installed");
  if (isStamped(stamp, digest)) return;
  if (npmFinished(folder)) return writeStamp(stamp, digest);
  await step(title, async (note) => {
    clearStamp(stamp);
    const [command, prefix] = npmCommand();
    const args = [...prefix, "ci", "--include=dev", "--no-audit", "--no-fund", "--prefer-offline", "--progress=false"];
    if (!scripts) args.push("--ignore-scripts");
    const result = await run(command, args, { cwd: folder, env: cleanEnv(), onLine: note }).catch((error) => {
      if (error.code !== "ENOENT") throw error;
      throw new StepFailure({
        step: title,
        reason: "npm was not found in PATH",
        remedy:
          "Install npm (it comes with Node from nodejs.org; on Debian and Ubuntu: apt-get install npm), then run this again.",
      });
    });
    if (result.code !== 0) throw explain(title, result);
    writeStamp(stamp, digest);
  });
}

function explain(title, result) {
  if (NO_SPACE.test(result.output)) {
    return new StepFailure({
      step: title,
      reason: "the disk is full",
      remedy: "Free about 1.5 GB and run this again.",
      output: result.output,
    });
  }
  if (NETWORK_FAULT.test(result.output)) {
    return new StepFailure({
      step: title,
      reason: "the npm registry could not be reached; this step needs the network",
      remedy: "Connect (or set npm's `registry` and `proxy`) and run this again. Nothing half-installed will be used.",
      output: result.output,
    });
  }
  return new StepFailure({
    step: title,
    reason: `npm ci ended with ${result.signal ?? `exit code ${result.code}`}`,
    remedy: "What npm said stands above; run this again when it is put right.",
    output: result.output,
  });
}
