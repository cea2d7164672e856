/**
 * One confined command on this host. The sandbox is the fleet's own, the gateway runs in this process: when it ends, however it
 * ends, the sandbox loses its way out and its launcher ends with us.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createSandboxCa, hostAuthorities } from "@creel/gateway/ahead";
import { compilePolicy } from "@creel/policy/ahead";
import { inspectHost, LaunchError } from "@creel/sandbox";
import { CliError, EXIT, type ExitCode } from "../exit.ts";
import { commandName } from "../invocation.ts";
import type { Io } from "../io.ts";
import { openDecisionFile } from "./decisions.ts";
import type { Resolve, RunFlags } from "./flags.ts";
import { type GitInside, gitInside } from "./git.ts";
import { layHome } from "./home.ts";
import { protectedNames } from "./limits.ts";
import { lazyRouter } from "./model.ts";
import { notStarted } from "./not-started.ts";
import { keepRun } from "./report/kept.ts";
import { createReport, type Report } from "./report/report.ts";
import type { NewRepository } from "./repository.ts";
import { sandboxSpec } from "./sandbox-spec.ts";
import { runSession } from "./session.ts";
import { readSetup, type Setup } from "./setup.ts";
import { streamsFor, terminalOf } from "./streams.ts";
import { workspaceMounts } from "./workspace.ts";

export async function run(command: string[], flags: RunFlags, io: Io): Promise<ExitCode> {
  const report = createReport({ io, json: flags.json === true, quiet: flags.quiet === true });
  const setup = readSetup(command, flags, (problem) => report.note(problem));
  const decisions = openDecisionFile(flags.decisions);
  for (const note of setup.notes) report.note(note);
  const folder = mkdtempSync(join(tmpdir(), "creel-run-"));
  try {
    return await runIn(folder, setup, { report, decisions, decisionsFile: flags.decisions ?? null });
  } catch (error) {
    if (!(error instanceof LaunchError)) throw error;
    if (error.layer !== "exec") throw await explained(error, setup.env);
    const { workspace, env } = setup;
    throw notStarted({ name: command[0] ?? "", path: env.PATH, workspace, message: error.message });
  } finally {
    decisions.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Outputs {
  report: Report;
  decisions: ReturnType<typeof openDecisionFile>;
  decisionsFile: string | null;
}

async function runIn(folder: string, setup: Setup, { report, decisions, decisionsFile }: Outputs): Promise<ExitCode> {
  const startedAt = Date.now();
  const { policy, file, yaml } = setup.source;
  const id = `run-${process.pid}`;
  const upstreamCa = hostAuthorities(setup.env);
  const router = lazyRouter(setup.agent, setup.env, upstreamCa);
  const { workspace, creelHome } = setup;
  const git = gitInside({ workspace, creelHome, names: protectedNames(policy) });
  let made: NewRepository | null = null;
  let finished = false;
  try {
    const ca = await createSandboxCa({ name: id });
    const { spec, streams } = await definition(folder, setup, {
      id,
      caPem: ca.certificatePem,
      router,
      report,
      git,
    });
    const end = await runSession({
      spec,
      streams,
      policy,
      served: { ca, policy: compilePolicy(policy), credentials: setup.credentials.bindings },
      gateway: async (journal) => {
        // Loaded beside the command, which runs already: the kernel queues its connections until somebody serves them.
        const { createGateway } = await import("@creel/gateway");
        return createGateway({
          journal,
          labels: { org: "local", node: hostname() },
          resolve: asSettings(setup.overrides),
          upstreamCa,
          router,
          onProblem: (problem) => report.note(problem),
        });
      },
      report,
      decisions,
    });
    made = git.finish();
    finished = true;
    await report.finish({
      ...end,
      repository: made,
      seconds: (Date.now() - startedAt) / 1000,
      monitor: policy.mode === "monitor",
      policyFile: file,
      limits: policy.sandbox?.limits,
      commandName: commandName(),
      keep: (kept) => keepRun(creelHome, kept, new Date()),
      decisionsFile,
      baseYaml: yaml,
      readOnlyFolders: (spec.mounts ?? []).filter(({ mode }) => mode === "ro").map(({ target }) => target),
    });
    return end.exitCode;
  } finally {
    if (!finished) git.finish();
    await router.close();
  }
}

interface Parts {
  id: string;
  caPem: string;
  router: ReturnType<typeof lazyRouter>;
  report: Report;
  git: GitInside;
}

/** Makes the run's folders and says what the launcher is to start. */
async function definition(folder: string, setup: Setup, { id, caPem, router, report, git }: Parts) {
  const { program, source, agent } = setup;
  const [runDir, stateDir, empty] = [join(folder, "run"), join(folder, "state"), join(folder, "empty")];
  for (const path of [runDir, stateDir, empty]) mkdirSync(path, { mode: 0o700 });
  const laid = agent === null ? null : await layHome({ agent, command: program.command, folder, id, router });
  for (const note of laid?.notes ?? []) report.note(note);
  const streams = streamsFor(terminalOf(setup.env), source.policy.sandbox?.limits?.idle_seconds !== undefined);
  const spec = sandboxSpec({
    id,
    runDir,
    stateDir,
    program: { ...program, command: laid?.command ?? program.command },
    mounts: workspaceMounts(setup.workspace, { home: setup.creelHome, empty }),
    policyName: setup.policyName,
    git,
    home: laid?.home ?? null,
    env: { ...laid?.env, ...setup.variables, ...setup.credentials.env },
    policy: source.policy,
    caPem,
    terminalName: streams.terminalName,
  });
  return { spec, streams };
}

const asSettings = (overrides: readonly Resolve[]): Record<string, string> =>
  Object.fromEntries(
    overrides.map(({ host, port, address, addressPort }) => [
      `${host}:${port}`,
      `${address.includes(":") ? `[${address}]` : address}:${addressPort}`,
    ]),
  );

/** Layers of a launch and what the doctor calls them: its remedy knows this host. */
const EXAMINED: Readonly<Record<string, string>> = {
  userns: "userns",
  network: "netns",
  tproxy: "tproxy",
  root: "mountns",
  landlock: "landlock",
  seccomp: "seccomp",
};

async function explained(error: LaunchError, env: NodeJS.ProcessEnv): Promise<CliError> {
  const name = EXAMINED[error.layer];
  const report = name === undefined ? null : await inspectHost(env).catch(() => null);
  const remedy = report?.layers.find(({ id }) => id === name)?.remedy ?? error.remedy;
  return new CliError(`the sandbox could not be started: ${error.message}`, {
    exitCode: error.layer === "spec" ? EXIT.usage : EXIT.failed,
    place: error.layer,
    remedy,
    cause: error,
  });
}
