import { LaunchError } from "@creel/sandbox";
import { reasonOf } from "../files.ts";

/** Why a sandbox could not be started: the layer that said no, what it said, and what a person can do about it. */
export const failureText = (error: unknown): string =>
  error instanceof LaunchError ? `${error.layer}: ${error.message}. ${error.remedy}` : reasonOf(error);
