import type { z } from "zod";
import { type ApiCall, findTarget, openApi } from "../api/client.ts";
import { CliError, usageError } from "../exit.ts";
import { printable } from "../io.ts";

/** As the server takes them. What is no name goes into no URL: `..` would make another route of it. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

export function checkedName(name: string): string {
  if (NAME.test(name)) return name;
  throw usageError(
    "this is no name of a secret",
    "A name has letters, digits and _, as in GITHUB_TOKEN; the value is never an argument.",
  );
}

interface SecretCall extends Omit<ApiCall, "missing"> {
  method: "GET" | "POST" | "DELETE";
  name: string;
  /** Below the secret's own path. */
  verb?: string;
}

/** Asks something of one secret; where there is none that the caller may see, that is what is said. */
export function callSecret<S extends z.ZodType>(answer: S, call: SecretCall): Promise<z.output<S>> {
  const { method, name, verb, ...options } = call;
  const path = `/secrets/${checkedName(name)}${verb === undefined ? "" : `/${verb}`}`;
  const missing = new CliError(`no secret named "${printable(name)}"`, {
    remedy: "`creel secret ls` shows the names.",
  });
  return openApi(findTarget()).call(answer, method, path, { ...options, missing });
}
