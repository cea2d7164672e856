/** How the command's input and output go: straight through, or by a terminal of its own. */
import { isatty } from "node:tty";
import type { RunOptions, SandboxProcess } from "@creel/sandbox";
import { line } from "../io.ts";
import type { Report } from "./report/report.ts";
import { throughTerminal } from "./terminal.ts";

const [STDIN, STDOUT, STDERR] = [0, 1, 2];
/** For a terminal that does not say how large it is. */
const SIZE_DEFAULT = { columns: 80, rows: 24 };

export interface Streams {
  options: RunOptions;
  terminalName: string | undefined;
}

/**
 * A person at a terminal gets one inside as well, which only the sandbox holds: their own is never given away. `watched`: somebody must
 * know when something is written.
 */
export function streamsFor(terminal: Terminal, watched: boolean): Streams {
  if (terminal.interactive) return { options: { terminal: sizeNow(), output: "pipe" }, terminalName: terminal.name };
  return { options: watched ? { output: "pipe" } : {}, terminalName: undefined };
}

export interface Terminal {
  /** Input and output are one. */
  interactive: boolean;
  name: string | undefined;
}

export const terminalOf = (env: NodeJS.ProcessEnv): Terminal => ({
  interactive: isatty(STDIN) && isatty(STDOUT),
  name: env.TERM,
});

const sizeNow = (): { columns: number; rows: number } => ({
  columns: process.stdout.columns || SIZE_DEFAULT.columns,
  rows: process.stdout.rows || SIZE_DEFAULT.rows,
});

export interface Connection {
  report: Report;
  onOutput(): void;
}

/** Passes on what is piped; `end` puts the terminal back as the command should have left it. */
export function connectStreams(
  sandbox: Pick<SandboxProcess, "output" | "errors" | "resize">,
  streams: Streams,
  { report, onOutput }: Connection,
): { end(): void } {
  const { output, errors } = sandbox;
  if (output === null) return { end: () => undefined };
  output.on("data", onOutput);
  errors?.on("data", onOutput);
  errors?.pipe(process.stderr, { end: false });
  if (streams.options.terminal === undefined) {
    output.pipe(process.stdout, { end: false });
    return { end: () => undefined };
  }
  const lines = throughTerminal(output, process.stdout);
  // With stderr in a file nothing is torn.
  if (isatty(STDERR)) report.writeTo((text) => lines.write(line(text).trimEnd()));
  const resize = (): void => sandbox.resize(sizeNow());
  process.stdout.on("resize", resize);
  return {
    end() {
      process.stdout.removeListener("resize", resize);
      lines.end();
    },
  };
}
