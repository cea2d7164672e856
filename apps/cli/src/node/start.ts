import { once } from "node:events";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { CliError, EXIT, type ExitCode } from "../exit.ts";
import { nodeDir, spawnNodeAgent } from "./agent-process.ts";

const PASSED_ON = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Runs the node agent until it ends; its exit code is ours. For a service manager as for a terminal. */
export async function startNode(options: { dir?: string }): Promise<ExitCode> {
  const dir = nodeDir(options.dir);
  if (!existsSync(join(dir, "identity/node.json")))
    throw new CliError("this host has not joined a fleet", {
      place: dir,
      remedy: "Make a join address in the dashboard (Nodes, Enroll a node) and run `creel node enroll URI`.",
    });
  const child = spawnNodeAgent({ CREEL_NODE_DIR: dir }, "inherit");
  const passOn = (signal: NodeJS.Signals) => void child.kill(signal);
  for (const signal of PASSED_ON) process.on(signal, passOn);
  await once(child, "close");
  for (const signal of PASSED_ON) process.off(signal, passOn);
  if (child.signalCode !== null) return 128 + constants.signals[child.signalCode];
  return child.exitCode ?? EXIT.failed;
}
