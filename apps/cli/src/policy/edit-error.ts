import { PolicyEditError } from "@creel/policy";
import { CliError } from "../exit.ts";

/** An edit that a file does not allow is the file's matter, not a failure of ours. */
export async function asCliError<T>(file: string | null, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PolicyEditError)) throw error;
    const details = error.problems.map(({ place, message }) => `${place.line}:${place.column}: ${message}`);
    throw new CliError(error.message, {
      details,
      ...(file === null ? {} : { place: file }),
      remedy: "Nothing was written.",
      problems: error.problems,
      cause: error,
    });
  }
}
