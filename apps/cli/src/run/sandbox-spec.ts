import { caEnv } from "@creel/agents";
import type { Policy } from "@creel/policy";
import { SANDBOX_HOME, SANDBOX_WORK, type SandboxSpec } from "@creel/sandbox";
import type { GitInside } from "./git.ts";
import { sandboxProfile } from "./limits.ts";
import { type Program, SHIMS_FOLDER, shimText } from "./program.ts";
import { BUNDLE_FILE, CA_FILE, trustFiles } from "./trust.ts";

export interface SpecInput {
  id: string;
  runDir: string;
  stateDir: string;
  program: Program;
  mounts: NonNullable<SandboxSpec["mounts"]>;
  /** In the workspace. */
  policyName: string | null;
  git: GitInside;
  /** A folder of this host as the command's home; null for one that is only memory. */
  home: string | null;
  env: Record<string, string>;
  policy: Policy;
  caPem: string;
  /** The user's own terminal, when the command gets one. */
  terminalName: string | undefined;
}

export function sandboxSpec(input: SpecInput): SandboxSpec {
  const { program } = input;
  const filesystem = input.policy.filesystem_policy;
  const home = input.home === null ? [] : [{ source: input.home, target: SANDBOX_HOME, mode: "rw" as const }];
  const shown = program.shown.map((path) => ({ source: path, target: path, mode: "ro" as const }));
  return {
    id: input.id,
    runDir: input.runDir,
    stateDir: input.stateDir,
    command: program.command,
    cwd: SANDBOX_WORK,
    env: {
      TERM: input.terminalName ?? "xterm-256color",
      TMPDIR: "/tmp",
      PATH: program.path,
      ...input.git.env,
      ...input.env,
      ...caEnv({ caFile: CA_FILE, bundleFile: BUNDLE_FILE }),
    },
    mounts: [...home, ...shown, ...input.mounts, ...input.git.mounts],
    files: [
      ...trustFiles(input.caPem),
      ...input.git.files,
      ...program.shims.map(({ name, target }) => ({
        path: `${SHIMS_FOLDER}/${name}`,
        content: shimText(target),
        mode: 0o755,
      })),
    ],
    ...sandboxProfile(input.policy, {
      workspace: input.mounts.some(({ target }) => target === SANDBOX_WORK),
      policyName: input.policyName,
      repository: input.git.repository,
    }),
    landlock: input.policy.landlock?.compatibility ?? "best_effort",
    ...(filesystem === undefined
      ? {}
      : {
          readOnly: filesystem.read_only,
          readWrite: [...filesystem.read_write, ...(filesystem.include_workdir ? [SANDBOX_WORK] : [])],
        }),
  };
}
