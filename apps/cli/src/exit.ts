/** Exit codes are a public contract: add, never change. */
export const EXIT = { done: 0, failed: 1, usage: 2, denied: 3, needsApproval: 4 } as const;
export type ExitCode = number;

/** What went wrong, where, and what to do about it; becomes text for people or an object under `--json`. */
export class CliError extends Error {
  override name = "CliError";
  readonly exitCode: ExitCode;
  readonly place: string | null;
  readonly remedy: string | null;
  /** Lines that stand below the message for people. */
  readonly details: readonly string[];
  /** Everything that is wrong, under `--json`, where the message is a summary of it. */
  readonly problems: readonly unknown[] | null;
  /** What a server answered with, where it was one that refused. */
  readonly status: number | null;

  constructor(
    message: string,
    options: {
      exitCode?: ExitCode;
      place?: string;
      remedy?: string;
      details?: readonly string[];
      problems?: readonly unknown[];
      status?: number;
      cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = options.exitCode ?? EXIT.failed;
    this.place = options.place ?? null;
    this.remedy = options.remedy ?? null;
    this.details = options.details ?? [];
    this.problems = options.problems ?? null;
    this.status = options.status ?? null;
  }
}

export const usageError = (message: string, remedy: string, place?: string): CliError =>
  new CliError(message, { exitCode: EXIT.usage, remedy, ...(place === undefined ? {} : { place }) });

/** The code of a Node system error (`ENOENT`, `EADDRINUSE` …), or null for anything else. */
export function systemCode(error: unknown): string | null {
  if (!(error instanceof Error) || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
