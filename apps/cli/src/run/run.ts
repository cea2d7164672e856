/**
 * One confined command on this host. The sandbox is the fleet's own, the gateway runs in this process: when it ends, however it
 * ends, the sandbox loses its way out and its launcher ends with us.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { createGateway, createRecordSink, createSandboxCa, type Gateway, hostAuthorities } from "@creel/gateway";
import { compilePolicy, parsePolicy, policyDigest } from "@creel/policy";
import { LaunchError, runSandbox } from "@creel/sandbox";
import { inheritedEnv, readEnv } from "../env.ts";
import { CliError, EXIT, type ExitCode } from "../exit.ts";
import { type Io, line } from "../io.ts";
import { loadPolicy } from "../policy/load.ts";
import { bindSecrets } from "./credentials.ts";
import { openDecisionLog } from "./decisions.ts";
import { parseEnv, parseResolve, parseSecret, type RunFlags } from "./flags.ts";
import { lazyRouter } from "./model.ts";
import { sandboxSpec, whereOutside } from "./sandbox-spec.ts";
import { workspaceMounts, workspaceOf } from "./workspace.ts";

const ATTACH_RACE_MS = 1_000;
/** What a command may reach when nobody said otherwise: nothing. */
const DENY_ALL = "version: 1\nnetwork_policies: {}\n";

function policyOf(flags: RunFlags) {
  const policy = flags.policy === undefined ? parsePolicy(DENY_ALL).policy : loadPolicy(flags.policy).policy;
  if (policy === null) throw new CliError("the built-in policy does not parse");
  return flags.monitor === true ? { ...policy, mode: "monitor" as const, monitor_until: undefined } : policy;
}

export async function run(command: string[], flags: RunFlags, io: Io): Promise<ExitCode> {
  const env = inheritedEnv();
  const policy = policyOf(flags);
  const { home } = readEnv();
  const workspace = workspaceOf(flags.workspace, home);
  const secrets = flags.secret.map((text) => parseSecret(text, env));
  const variables = Object.fromEntries(flags.env.map(parseEnv));
  const overrides = flags.resolve.map(parseResolve);
  const credentials = bindSecrets(secrets, policy);
  for (const name of credentials.unbound) {
    io.err(line(`creel: the policy binds the secret ${name} to no endpoint; its placeholder will not be replaced`));
  }
  const log = openDecisionLog(flags.decisions, flags.json === true, io);
  const folder = mkdtempSync(join(tmpdir(), "creel-run-"));
  const upstreamCa = hostAuthorities(env);
  const router = lazyRouter(env, upstreamCa);
  let gateway: Gateway | null = null;
  try {
    const [runDir, stateDir, empty] = [join(folder, "run"), join(folder, "state"), join(folder, "empty")];
    for (const path of [runDir, stateDir, empty]) mkdirSync(path, { mode: 0o700 });
    const id = `run-${process.pid}`;
    const ca = await createSandboxCa({ name: id });
    gateway = createGateway({
      journal: createRecordSink({ onRecord: log.take }),
      labels: { org: "local", node: hostname() },
      resolve: Object.fromEntries(
        overrides.map(({ host, port, address, addressPort }) => [
          `${host}:${port}`,
          `${address.includes(":") ? `[${address}]` : address}:${addressPort}`,
        ]),
      ),
      upstreamCa,
      router,
      onProblem: (problem) => io.err(line(`creel: ${problem}`)),
    });
    const sandbox = runSandbox(
      sandboxSpec({
        id,
        runDir,
        stateDir,
        command,
        mounts: workspaceMounts(workspace, { home, empty }),
        env: { ...variables, ...credentials.env },
        policy,
        caPem: ca.certificatePem,
      }),
    );
    const release = forwardSignals((signal) => sandbox.kill(signal));
    try {
      await sandbox.started;
      await gateway
        .add({
          id,
          name: id,
          ca,
          network: { runDir },
          policy: compilePolicy(policy),
          policyDigest: policyDigest(policy),
          generation: 0,
          credentials: credentials.bindings,
        })
        .catch(async (error: unknown) => {
          if (await endsWithin(sandbox.exited, ATTACH_RACE_MS)) return;
          sandbox.kill("SIGKILL");
          throw error;
        });
      const { exitCode } = await sandbox.exited;
      return exitCode;
    } finally {
      release();
    }
  } catch (error) {
    throw explain(error, command, env);
  } finally {
    await gateway?.close();
    await router.close();
    log.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A command may be over before the gateway is attached; then there is nothing left to serve, and nothing got out. */
const endsWithin = (exited: Promise<unknown>, ms: number): Promise<boolean> =>
  Promise.race([exited.then(() => true), delay(ms, false, { ref: false })]);

/** Ctrl-C reaches the command by the terminal itself; we only must not die before it. */
function forwardSignals(kill: (signal: NodeJS.Signals) => void): () => void {
  const ignore = (): void => undefined;
  const forward = (signal: NodeJS.Signals): void => kill(signal);
  process.on("SIGINT", ignore);
  process.on("SIGTERM", forward);
  process.on("SIGHUP", forward);
  return () => {
    process.removeListener("SIGINT", ignore);
    process.removeListener("SIGTERM", forward);
    process.removeListener("SIGHUP", forward);
  };
}

function explain(error: unknown, command: string[], env: NodeJS.ProcessEnv): unknown {
  if (!(error instanceof LaunchError)) return error;
  const outside = error.layer === "exec" ? whereOutside(command[0] ?? "", env.PATH) : null;
  const remedy =
    outside === null
      ? error.remedy
      : `${outside} lies outside of what a sandbox sees of this host (/usr). Put it into the folder given by --workspace and call it there.`;
  return new CliError(`the sandbox could not be started: ${error.message}`, {
    exitCode: error.layer === "spec" ? EXIT.usage : EXIT.failed,
    place: error.layer,
    remedy,
    cause: error,
  });
}
