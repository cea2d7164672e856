/** What the flags of one run say, read and checked before anything is made or started. */
import { inheritedEnv, readEnv } from "../env.ts";
import { agentOf, type KnownAgent } from "./agent.ts";
import { bindSecrets, type Credentials } from "./credentials.ts";
import { parseEnv, parseResolve, type Resolve, type RunFlags } from "./flags.ts";
import { type PolicySource, policyName, policySource } from "./policy-source.ts";
import { findProgram, type Program } from "./program.ts";
import { parseSecret } from "./secret.ts";
import { outermost, showMounts } from "./show.ts";
import { workspaceOf } from "./workspace.ts";

export interface Setup {
  env: NodeJS.ProcessEnv;
  /** Creel's own folder, never seen inside. */
  creelHome: string;
  source: PolicySource;
  workspace: string | null;
  program: Program;
  agent: KnownAgent | null;
  variables: Record<string, string>;
  credentials: Credentials;
  overrides: Resolve[];
  /** The policy's own name in the workspace, when it lies there. */
  policyName: string | null;
  /** Said before the start, for people. */
  notes: string[];
}

/**
 * `onProblem`: while it runs, for people; a secret that could not be renewed, say.
 * @throws CliError for whatever cannot be meant.
 */
export function readSetup(command: string[], flags: RunFlags, onProblem: (problem: string) => void): Setup {
  const env = inheritedEnv();
  const { home: creelHome, userHome, userPolicy } = readEnv();
  const source = policySource({ flag: flags.policy, userPolicy, monitor: flags.monitor === true });
  const workspace = workspaceOf(flags.workspace, creelHome);
  const secrets = flags.secret.map((text) => parseSecret(text, env));
  const variables = Object.fromEntries(flags.env.map(parseEnv));
  const overrides = flags.resolve.map(parseResolve);
  const agent = agentOf(command, flags.agent ?? "auto");
  const program = findProgram({ command, path: env.PATH, workspace, home: userHome, nodePath: process.execPath });
  const shown = outermost([...program.shown, ...showMounts(flags.show, creelHome)]);
  const credentials = bindSecrets(secrets, source.policy, { env, onProblem });
  const notes = [...source.notes];
  for (const name of credentials.unbound)
    notes.push(`the policy binds the secret ${name} to no endpoint; its placeholder will not be replaced`);
  if (workspace === userHome) notes.push("the workspace is your whole home folder: every key in it can be read inside");
  if (agent !== null && workspace === null)
    notes.push("it works in an empty folder that is thrown away; --workspace . gives it this one");
  return {
    env,
    creelHome,
    source,
    workspace,
    program: { ...program, shown },
    agent,
    variables,
    credentials,
    overrides,
    policyName: policyName(source.file, workspace),
    notes,
  };
}
