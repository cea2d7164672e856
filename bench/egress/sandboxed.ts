import { readFileSync } from "node:fs";
import { runSandbox } from "@creel/sandbox";

export interface SandboxedInput {
  runDir: string;
  stateDir: string;
  client: string;
  caPem: string;
}

export const CA_FILE = "/etc/creel/ca.crt";

/** Runs the load inside a real sandbox, with this process's stdin and stdout. */
export async function sandboxedClient({
  runDir,
  stateDir,
  client,
  caPem,
}: SandboxedInput): Promise<{ shimPid: number }> {
  const sandbox = runSandbox({
    id: "load",
    runDir,
    stateDir,
    command: [
      "/opt/node/bin/node",
      "/etc/creel/client.mjs",
      JSON.stringify({ caFile: CA_FILE, proxyPort: null, port: 443 }),
    ],
    mounts: [{ source: process.execPath, target: "/opt/node/bin/node", mode: "ro" }],
    files: [
      { path: CA_FILE, content: caPem },
      { path: "/etc/creel/client.mjs", content: readFileSync(client, "utf8") },
    ],
  });
  const { shimPid } = await sandbox.started;
  return { shimPid };
}
