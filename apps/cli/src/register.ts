import type { Command } from "commander";
import type { ExitCode } from "./exit.ts";
import type { Io } from "./io.ts";

/** How a command hands back its exit code; commander itself only knows success and usage errors. */
export type Finish = (code: ExitCode) => void;
export type Register = (program: Command, io: Io, finish: Finish) => void;
