import type { z } from "zod";
import { type ApiCall, findTarget, openApi } from "../api/client.ts";
import { CliError, usageError } from "../exit.ts";
import { printable } from "../io.ts";

/** As the server takes them: a sandbox's name, or its id. */
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** A route of one sandbox. What is no name goes into no URL: `..` would make another route of it. */
const sandboxPath = (name: string, verb: string): string => `/sandboxes/${checkedName(name)}/${verb}`;

/** @throws CliError for what cannot be one. */
export function checkedName(name: string): string {
  if (NAME.test(name)) return name;
  throw usageError(`"${printable(name)}" is no name of a sandbox`, SEE_NAMES);
}
const SEE_NAMES = "`creel sandbox ls` shows the names.";

/** Asks something of one sandbox; where there is none that the caller may see, that is what is said. */
export function callSandbox<S extends z.ZodType>(
  answer: S,
  call: { method: "GET" | "POST"; name: string; verb: string } & Omit<ApiCall, "missing">,
): Promise<z.output<S>> {
  const { method, name, verb, ...options } = call;
  const api = openApi(findTarget());
  const path = sandboxPath(name, verb);
  const missing = new CliError(`no sandbox named "${printable(name)}"`, { remedy: SEE_NAMES });
  return api.call(answer, method, path, { ...options, missing });
}
