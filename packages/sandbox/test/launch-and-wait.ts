import { launchSandbox } from "../src/index.ts";

// Launches the sandbox given as JSON, prints the agent's pid and stays until it is killed.
const { agentPid } = await launchSandbox(JSON.parse(process.argv[2] ?? "{}"));
process.stdout.write(String(agentPid));
setInterval(() => {}, 1_000_000);
