import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { launchSandbox, readExit, type SandboxSpec } from "../src/index.ts";

// In a mount namespace of its own: launches the sandbox given as JSON and prints how it ended.
const spec: SandboxSpec = JSON.parse(process.argv[2] ?? "{}");
mkdirSync(spec.runDir, { mode: 0o700 });
mkdirSync(spec.stateDir, { mode: 0o700 });
await launchSandbox(spec);
let exit = null;
while (exit === null) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  exit = await readExit(join(spec.stateDir));
}
process.stdout.write(JSON.stringify(exit));
