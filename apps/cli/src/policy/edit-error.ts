import { PolicyEditError } from "@creel/policy";
import { CliError } from "../exit.ts";

/** An edit that a file does not allow is the file's matter, not a failure of ours. */
export async function asCliError<T>(file: string | null, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PolicyEditError)) throw error;
    const problems = error.problems.map(({ place, message }) => `\n${place.line}:${place.column}: ${message}`).join("");
    throw new CliError(`${error.message}${problems}`, {
      ...(file === null ? {} : { place: file }),
      remedy: "Nothing was written.",
      problems: error.problems,
      cause: error,
    });
  }
}
