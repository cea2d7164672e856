import { usageError } from "../exit.ts";
import { printable } from "../io.ts";

/** As the server takes them: a sandbox's name, or its id. */
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** A route of one sandbox. What is no name goes into no URL: `..` would make another route of it. */
export function sandboxPath(name: string, verb: string): string {
  if (NAME.test(name)) return `/sandboxes/${name}/${verb}`;
  throw usageError(`"${printable(name)}" is no name of a sandbox`, "`creel sandbox ls` shows the names.");
}
