import { runSandbox } from "../src/index.ts";

// Runs the sandbox given as JSON in the foreground, prints the agent's pid on stderr and exits with the command's code.
const running = runSandbox(JSON.parse(process.argv[2] ?? "{}"));
running.started.then(({ agentPid }) => process.stderr.write(`${agentPid}\n`));
process.exitCode = (await running.exited).exitCode;
