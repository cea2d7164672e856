/**
 * Which policy a run is under.
 *
 * Threat: an agent, or a repository that somebody cloned, brings a policy along that lets its own secrets out. Invariant: a policy is
 * taken from where the user named it, or from the user's own configuration folder, never from the folder that one happens to stand in;
 * and one that lies in the workspace is read-only inside.
 */
import { existsSync, realpathSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import type { Policy } from "@creel/policy";
import { parsePolicy } from "@creel/policy/ahead";
import { CliError, usageError } from "../exit.ts";
import { loadPolicy } from "../policy/load.ts";

/** What a command may reach when nobody said otherwise: nothing. */
const DENY_ALL = "version: 1\nnetwork_policies: {}\n";
/** What people call a policy in a project; only spoken of, never taken unasked. */
const USUAL_NAMES = ["creel.yaml", "policy.yaml"];

export interface PolicySource {
  policy: Policy;
  /** Null without a file. */
  file: string | null;
  yaml: string | null;
  /** Said before the start, for people. */
  notes: string[];
}

export interface PolicyInput {
  flag: string | undefined;
  userPolicy: string;
  monitor: boolean;
}

export function policySource({ flag, userPolicy, monitor }: PolicyInput): PolicySource {
  const file = flag ?? (existsSync(userPolicy) ? userPolicy : null);
  const source = file === null ? none() : fromFile(file, flag === undefined);
  if (!monitor) return source;
  return { ...source, policy: { ...source.policy, mode: "monitor", monitor_until: undefined } };
}

function fromFile(file: string, isDefault: boolean): PolicySource {
  const { policy, yaml } = loadPolicy(file);
  return { policy, file, yaml, notes: isDefault ? [`under ${file}, your own default`] : [] };
}

function none(): PolicySource {
  const { policy } = parsePolicy(DENY_ALL);
  if (policy === null) throw new CliError("the built-in policy does not parse");
  const here = USUAL_NAMES.find((name) => existsSync(name));
  const notes =
    here === undefined
      ? []
      : [`${here} here is not used unless you say so, for it came with this folder: --policy ${here}`];
  return { policy, file: null, yaml: null, notes };
}

/**
 * The policy file's name in the workspace, if it lies there: the command can then neither change it nor move it away, because it says
 * what the next run may.
 */
export function policyName(file: string | null, workspace: string | null): string | null {
  if (file === null || workspace === null) return null;
  const real = realpathSync(file);
  const given = join(realpathSync(dirname(resolve(file))), basename(file));
  const way = [given, real].map((path) => relative(workspace, path)).find((path) => !path.startsWith(".."));
  if (way === undefined || given === real) return way ?? null;
  throw usageError(
    "the policy is a link into or out of the workspace, which the command could point elsewhere for the next run",
    "Name the file itself, or keep it outside of the workspace.",
    "--policy",
  );
}
