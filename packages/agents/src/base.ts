import { caEnv } from "./ca-env.ts";
import { AgentError, type ModelProtocol, type PrepareInput } from "./types.ts";

/** Where an agent's folder appears inside every sandbox, whatever it is called on the host. */
export const AGENT_TARGET = "/opt/agent";
export const NODE_TARGET = "/opt/node/bin/node";
/** Name of the variable that holds the placeholder, for agents that let us choose one. */
export const KEY_VARIABLE = "CREEL_MODEL_KEY";
/** The provider's name in configuration files of agents that want one. */
export const PROVIDER = "creel";

const PATH = "/opt/node/bin:/usr/local/bin:/usr/bin:/bin";

/** The environment every program in a sandbox gets; the CA variables cannot be overridden, or nothing would be reached. */
export function baseEnv(input: PrepareInput, own: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { home, caFile, bundleFile } = input;
  const common = { HOME: home, USER: "agent", PATH, LANG: "C.UTF-8", TERM: "xterm-256color", TMPDIR: "/tmp" };
  return { ...common, ...input.env, ...own, ...caEnv({ caFile, bundleFile }) };
}

export const nodeMount = (input: PrepareInput) => ({ source: input.host.nodePath, target: NODE_TARGET });

/** The agent's own folder, and Node for every agent: a script it writes finds the Node that is known to be there. */
export const agentMounts = (input: PrepareInput, id: string) => [
  { source: `${input.host.agentsRoot}/${id}`, target: AGENT_TARGET },
  nodeMount(input),
];

/** The first protocol the agent speaks that the model's backend speaks too. */
export function agree<Protocol extends ModelProtocol>(
  plugin: { title: string; speaks: readonly Protocol[] },
  input: PrepareInput,
): [string, Protocol] {
  const { model } = input;
  if (!model) throw new AgentError(`${plugin.title} needs a model; none is configured on this node.`);
  const protocol = plugin.speaks.find((candidate) => model.protocols.includes(candidate));
  if (protocol) return [model.name, protocol];
  throw new AgentError(
    `${plugin.title} speaks ${plugin.speaks.join(", ")}, and the model "${model.name}" is served over ` +
      `${model.protocols.join(", ") || "nothing"}. Choose another agent or another model.`,
  );
}

/** The prompt as it can stand in argv: never empty. */
export function promptOf(input: PrepareInput, title: string): string {
  if (input.prompt.trim() !== "") return input.prompt;
  throw new AgentError(`${title} needs a prompt: the task it is to work on.`);
}

/** The prompt where it stands as a word of its own: agents read one that begins so as a flag, a file or a command of theirs. */
export const wordPrompt = (input: PrepareInput, title: string): string =>
  promptOf(input, title).replace(/^[-@/!]/, " $&");

/** A folder name of the npm packages that carry one binary per architecture. */
export function linuxArch(arch: string): "x64" | "arm64" {
  if (arch === "x64" || arch === "arm64") return arch;
  throw new AgentError(`This agent has no build for the architecture "${arch}"; x64 and arm64 have one.`);
}
