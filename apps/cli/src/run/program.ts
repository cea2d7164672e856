/** Finds the program where the user's PATH has it, and says what must be shown of the host for it to run inside. */
import { accessSync, constants } from "node:fs";
import { basename, delimiter, dirname, isAbsolute, join, relative } from "node:path";
import { SANDBOX_WORK } from "@creel/sandbox";
import { type HostFolders, installationOf, realFile, shebangOf } from "./installation.ts";
import { isShim, managerOf } from "./manager-shim.ts";

/** All of the host that is visible inside anyway, read-only. */
const VISIBLE = ["/usr/", "/bin/", "/sbin/", "/lib"];
export const isVisible = (path: string): boolean => VISIBLE.some((prefix) => path.startsWith(prefix));
/** Commands for a program are laid here; nothing on the host is called so. */
export const SHIMS_FOLDER = "/opt/creel/bin";
const PATH_INSIDE = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** Interpreters of interpreters end here, as in the kernel. */
const SHEBANGS_MAX = 4;
const NODE_NAMES = ["node", "nodejs"];
const WITH_NODE = [...NODE_NAMES, "npm", "npx", "corepack"];

export interface ProgramInput extends HostFolders {
  command: readonly string[];
  /** The user's own PATH. */
  path: string | undefined;
  workspace: string | null;
  /** The Node that runs us: what `node` means where the user's own is a version manager's shim. */
  nodePath: string;
}

export interface Program {
  command: string[];
  /** Paths of the host to show read-only under the same path. */
  shown: string[];
  /** PATH inside. */
  path: string;
  /** Scripts that make the program known by its own name, for whoever calls it from inside. */
  shims: { name: string; target: string }[];
}

/**
 * The command as it is to be started inside. What cannot be found is left as it is: the launch then says what is missing.
 * @throws CliError for a shim of a version manager, which would find nothing inside.
 */
export function findProgram(input: ProgramInput): Program {
  const [name = "", ...rest] = input.command;
  const shown = new Set<string>();
  const folders: string[] = [];
  const shims: Program["shims"] = [];
  const found = behindShim(name, locate(name, input), input);
  let start = name;
  if (found?.startsWith(SANDBOX_WORK)) start = found;
  else if (found !== null && !isVisible(found)) {
    const real = realFile(found);
    if (real !== null) {
      start = show(real, input, { shown, folders }, SHEBANGS_MAX);
      if (!name.includes("/") && basename(start) !== name) shims.push({ name, target: start });
    }
  }
  // Whatever the command is, tools it calls expect the Node and npm that the user has.
  showNode(input, { shown, folders });
  const path = [SHIMS_FOLDER, ...new Set(folders), PATH_INSIDE].join(":");
  return { command: [start, ...rest], shown: [...shown], path, shims };
}

/** Node and what comes with it are those that run us, where the user's own are shims: the shell chose them for this folder. */
function behindShim(name: string, found: string | null, { nodePath }: ProgramInput): string | null {
  const manager = found === null ? null : managerOf(found);
  if (found === null || manager === null) return found;
  const own = NODE_NAMES.includes(name) ? nodePath : join(dirname(nodePath), name);
  if (WITH_NODE.includes(name) && isProgram(own) && managerOf(own) === null) return own;
  throw isShim(found, manager);
}

interface Showing {
  shown: Set<string>;
  folders: string[];
}

/** Shows a real file with its interpreter; answers the path to start. */
function show(real: string, input: ProgramInput, showing: Showing, depth: number): string {
  if (isVisible(real)) return real;
  showing.shown.add(installationOf(real, input));
  showing.folders.push(dirname(real));
  const [interpreter, argument] = shebangOf(real) ?? [];
  if (interpreter === undefined || depth === 0) return real;
  const viaEnv = basename(interpreter) === "env";
  const wanted = viaEnv ? (argument === "-S" ? undefined : argument) : interpreter;
  if (wanted === undefined || NODE_NAMES.includes(wanted)) return real;
  const found = locate(wanted, input) ?? "";
  const file = realFile(found);
  // A shim would find nothing inside; what the system has of that name may do.
  if (file !== null && !isVisible(file) && managerOf(found) === null) {
    show(file, input, showing, depth - 1);
    // A virtual environment's interpreter is a link: the link itself must be there, and what stands beside it.
    if (!viaEnv && interpreter !== file) showing.shown.add(dirname(interpreter));
  }
  return real;
}

function showNode(input: ProgramInput, { shown, folders }: Showing): void {
  const found = realFile(locate("node", input) ?? "");
  // A shim of a version manager bears another name, and would look for the manager's own files.
  const node = found !== null && NODE_NAMES.includes(basename(found)) ? found : input.nodePath;
  if (isVisible(node)) return;
  shown.add(installationOf(node, input));
  folders.push(dirname(node));
}

/** Where the user's shell would find it. A path below the workspace is answered as it is called inside. */
function locate(name: string, { path, workspace }: Pick<ProgramInput, "path" | "workspace">): string | null {
  if (name.includes("/")) {
    if (!isAbsolute(name)) return null;
    if (isVisible(name)) return name;
    return insideOf(name, workspace) ?? (isProgram(name) ? name : null);
  }
  for (const folder of (path ?? "").split(delimiter)) {
    const file = join(folder, name);
    if (isAbsolute(folder) && isProgram(file)) return insideOf(file, workspace) ?? file;
  }
  return null;
}

function insideOf(file: string, workspace: string | null): string | null {
  if (workspace === null || file.startsWith(`${SANDBOX_WORK}/`)) return null;
  const way = relative(workspace, file);
  return way.startsWith("..") || isAbsolute(way) ? null : join(SANDBOX_WORK, way);
}

export function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return realFile(file) !== null;
  } catch {
    return false;
  }
}

/** What makes a program known by the name that the user has for it. */
export const shimText = (target: string): string => `#!/bin/sh\nexec '${target.replaceAll("'", "'\\''")}' "$@"\n`;
