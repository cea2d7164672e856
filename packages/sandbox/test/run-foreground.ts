import { runSandbox } from "../src/index.ts";

// Runs the sandbox given as JSON in the foreground, prints the agent's pid on stderr and exits with the command's code.
// A second argument is the size of the terminal it gets; SIGUSR2 then makes it 100 by 30. A hang-up is passed on.
// A third one, "pipe": the output comes here and is written by this process, late as by one that has much to do.
const LATE_MS = 50;
const [spec = "{}", size, output] = process.argv.slice(2);
const running = runSandbox(JSON.parse(spec), {
  ...(size === undefined ? {} : { terminal: JSON.parse(size) }),
  ...(output === "pipe" ? { output } : {}),
});
running.started.then(({ agentPid }) => process.stderr.write(`${agentPid}\n`));
running.output?.on("data", (chunk: Buffer) => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LATE_MS);
  process.stdout.write(chunk);
});
process.on("SIGUSR2", () => running.resize({ columns: 100, rows: 30 }));
process.on("SIGHUP", () => running.kill("SIGHUP"));
process.exitCode = (await running.exited).exitCode;
