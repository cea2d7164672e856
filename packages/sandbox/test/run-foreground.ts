import { runSandbox } from "../src/index.ts";

// Runs the sandbox given as JSON in the foreground, prints the agent's pid on stderr and exits with the command's code.
// A second argument is the size of the terminal it gets; SIGUSR2 then makes it 100 by 30. A hang-up is passed on.
const terminal = process.argv[3] === undefined ? {} : { terminal: JSON.parse(process.argv[3]) };
const running = runSandbox(JSON.parse(process.argv[2] ?? "{}"), terminal);
running.started.then(({ agentPid }) => process.stderr.write(`${agentPid}\n`));
process.on("SIGUSR2", () => running.resize({ columns: 100, rows: 30 }));
process.on("SIGHUP", () => running.kill("SIGHUP"));
process.exitCode = (await running.exited).exitCode;
