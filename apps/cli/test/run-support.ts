import { spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

export interface Finished {
  code: number | null;
  out: string;
  err: string;
}

/** `creel run` of a shell line in a workspace; Creel's own folder is made in `folder`. */
export function creelRun({
  folder,
  workspace,
  script,
  flags = [],
}: {
  folder: string;
  workspace: string;
  script: string;
  flags?: readonly string[];
}): Promise<Finished> {
  const line = ["--import", "tsx", main, "run", "--workspace", workspace, ...flags, "--", "sh", "-c", script];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, line, {
      env: { ...process.env, CREEL_HOME: join(folder, "creel home"), XDG_CONFIG_HOME: folder },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk) => {
      out += chunk;
    });
    child.stderr.on("data", (chunk) => {
      err += chunk;
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out, err }));
  });
}
