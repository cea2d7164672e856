import { agentPlugins } from "@creel/agents";
import { parsePolicy } from "@creel/policy";
import type { DesiredSandbox } from "@creel/protocol";
import { SANDBOX_HOME, SANDBOX_WORK, type SandboxSpec } from "@creel/sandbox";
import { privateDir, writeAtomic } from "../files.ts";
import type { ServedModel } from "../gateway/messages.ts";
import type { SandboxPaths } from "../paths.ts";
import { type Bounds, boundsOf } from "./bounds.ts";
import { layFile } from "./home-files.ts";
import { BUNDLE_FILE, CA_FILE, sandboxCa, trustBundle } from "./trust.ts";

/** Where the model answers, as seen from every sandbox; the gateway takes it from there. */
const INFERENCE_URL = "https://inference.local";

/** Makes a sandbox's folders and files and says what the launcher is to start. Nothing in the answer is secret. */
export async function prepareSandbox(input: {
  desired: DesiredSandbox;
  paths: SandboxPaths;
  runDir: string;
  agentsRoot: string;
  model: ServedModel | null;
}): Promise<SandboxSpec> {
  const { desired, paths, runDir, model } = input;
  for (const dir of [paths.root, paths.home, paths.workspace]) await privateDir(dir);
  const caPem = await sandboxCa(paths, desired.name);
  const { agent } = desired;
  const bounds = boundsFor(desired);
  const prepared = agentPlugins[agent.plugin].prepare({
    host: { agentsRoot: input.agentsRoot, nodePath: process.execPath, arch: process.arch },
    prompt: agent.prompt ?? "",
    command: agent.command,
    model: model && { name: agent.model ?? model.name, protocols: model.protocols },
    baseUrl: INFERENCE_URL,
    placeholderKey: `creel-placeholder-${desired.id}`,
    home: SANDBOX_HOME,
    workdir: SANDBOX_WORK,
    caFile: CA_FILE,
    bundleFile: BUNDLE_FILE,
    env: { ...agent.env, ...placeholders(desired) },
  });
  for (const { path, content } of prepared.files) await layFile(paths.home, path, content);
  const spec: SandboxSpec = {
    id: desired.id,
    runDir,
    stateDir: paths.root,
    hostname: desired.name,
    command: prepared.argv,
    cwd: SANDBOX_WORK,
    env: prepared.env,
    mounts: [
      { source: paths.home, target: SANDBOX_HOME, mode: "rw" },
      { source: paths.workspace, target: SANDBOX_WORK, mode: "rw" },
      ...prepared.mounts.map(({ source, target }) => ({ source, target, mode: "ro" as const })),
    ],
    limits: limitsFor(bounds),
    ...profileOf(desired),
  };
  await writeAtomic(paths.spec, `${JSON.stringify(spec, null, 2)}\n`);
  return {
    ...spec,
    files: [
      { path: CA_FILE, content: caPem },
      { path: BUNDLE_FILE, content: await trustBundle(caPem) },
    ],
  };
}

/** What the sandbox sees of its credentials; a value stands in no environment. */
const placeholders = ({ credentials = [] }: DesiredSandbox): Record<string, string> =>
  Object.fromEntries(credentials.map(({ name, placeholder }) => [name, placeholder]));

/** The bounds that the fleet and the sandbox's policy give it together. */
export const boundsFor = (desired: DesiredSandbox): Bounds =>
  boundsOf(desired.limits, parsePolicy(desired.policy.yaml).policy?.sandbox?.limits);

/** What the launcher and its shim hold; time bounds are held by the node agent. */
function limitsFor(bounds: Bounds): NonNullable<SandboxSpec["limits"]> {
  const { processes, openFiles, tmpBytes, logBytes, memoryBytes, cpus, workspaceBytes, workspaceFiles } = bounds;
  return {
    ...{ processes, openFiles, tmpBytes, logBytes },
    ...(memoryBytes === null ? {} : { memoryBytes }),
    ...(cpus === null ? {} : { cpus }),
    ...(workspaceBytes === null ? {} : { workspaceBytes }),
    ...(workspaceFiles === null ? {} : { workspaceFiles }),
  };
}

/** The parts of the policy that are set when the sandbox is made and stand until it ends. */
function profileOf(
  desired: DesiredSandbox,
): Pick<SandboxSpec, "landlock" | "readOnly" | "readWrite" | "noexec" | "nestedUserns" | "devices" | "protect"> {
  const { policy } = parsePolicy(desired.policy.yaml);
  if (!policy) throw new Error("The sandbox's policy does not parse.");
  const paths = policy.filesystem_policy;
  const { workspace, nested_userns, devices } = policy.sandbox ?? {};
  const workdir = paths?.include_workdir ? [SANDBOX_WORK] : [];
  return {
    ...(policy.landlock ? { landlock: policy.landlock.compatibility } : {}),
    ...(paths ? { readOnly: paths.read_only, readWrite: [...paths.read_write, ...workdir] } : {}),
    noexec: workspace?.noexec ?? false,
    // On a node the workspace is the agent's alone and no person runs programs in it, so nothing in it has to be kept from the agent
    // unless the policy says so; stand-ins would only stop a `git init`.
    protect: workspace?.protect ?? [],
    nestedUserns: nested_userns ?? false,
    devices: devices ?? [],
  };
}
