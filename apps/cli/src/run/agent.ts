/**
 * Known agents get what they need to reach their model: an address that the gateway answers and a placeholder for the key. The key
 * itself stays in this process; nothing of the user's environment is inherited.
 */
import { basename } from "node:path";
import { type AgentId, agentPlugins, type ModelProtocol } from "@creel/agents";
import { SANDBOX_HOME, SANDBOX_WORK } from "@creel/sandbox";
import { usageError } from "../exit.ts";
import { BUNDLE_FILE, CA_FILE } from "./trust.ts";

export type KnownAgent = Exclude<AgentId, "command">;

const INFERENCE_URL = "https://inference.local";
const KNOWN = [
  ...["claude", "codex", "pi", "opencode", "gemini", "qwen", "cline", "continue", "copilot", "openclaw"],
] as const satisfies readonly KnownAgent[];
/** Agents whose program bears another name. */
const PROGRAMS: Readonly<Record<string, KnownAgent>> = { cn: "continue" };
/** Words of `--agent`. */
const AGENT_WORDS: readonly string[] = ["auto", "none", ...KNOWN];

/** Variables that lead to a model of a kind that the agent can speak to; with others set as well, these win. */
const OWN_PROVIDER: Partial<Record<KnownAgent, readonly string[]>> = {
  claude: ["ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"],
  codex: ["OPENAI_API_KEY", "OPENAI_BASE_URL"],
  gemini: ["GEMINI_API_KEY"],
};
const ALL_KEYS = ["NVIDIA_API_KEY", "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY"];

/** Which agent the command is; by its name unless told. */
export function agentOf(command: readonly string[], word: string): KnownAgent | null {
  if (!AGENT_WORDS.includes(word))
    throw usageError(`"${word}" is no agent that is known here`, `Write one of ${AGENT_WORDS.join(", ")}.`, "--agent");
  const name = basename(command[0] ?? "");
  const wanted = word === "auto" ? (PROGRAMS[name] ?? name) : word;
  return KNOWN.find((id) => id === wanted) ?? null;
}

/** The environment in which a model is looked for: the agent's own provider, when its key is there, and no other. */
export function modelEnv(agent: KnownAgent | null, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const own = (agent === null ? null : OWN_PROVIDER[agent]) ?? [];
  const key = own[0];
  if (key === undefined || !env[key]?.trim()) return env;
  return Object.fromEntries(Object.entries(env).filter(([name]) => own.includes(name) || !ALL_KEYS.includes(name)));
}

export interface AgentModel {
  name: string;
  protocols: readonly ModelProtocol[];
}

export interface PreparedRun {
  command: string[];
  env: Record<string, string>;
  /** To lie in the command's home before it starts. */
  files: { path: string; content: string }[];
}

/** @throws AgentError when the agent cannot speak to this model. */
export function prepareAgent(
  agent: KnownAgent,
  command: readonly string[],
  model: AgentModel,
  id: string,
): PreparedRun {
  const { env, files } = agentPlugins[agent].prepare({
    // Where the agent itself lies is known already; of what is prepared only settings are taken.
    host: { agentsRoot: "/", nodePath: "/", arch: process.arch === "arm64" ? "arm64" : "x64" },
    prompt: PROMPT_UNUSED,
    model,
    baseUrl: INFERENCE_URL,
    placeholderKey: `creel-placeholder-${id}`,
    home: SANDBOX_HOME,
    workdir: SANDBOX_WORK,
    caFile: CA_FILE,
    bundleFile: BUNDLE_FILE,
  });
  const { PATH: _path, TERM: _term, ...rest } = env;
  return {
    command: withModel(agent, command, model.name),
    env: { ...rest, ...modelVariable(agent, model.name) },
    files: files.filter(({ content }) => content !== PROMPT_UNUSED).map(withoutOwnSandbox),
  };
}

/** Agents that take a default of their own otherwise, which may not be served here. */
const MODEL_VARIABLES: Partial<Record<KnownAgent, string>> = { claude: "ANTHROPIC_MODEL", gemini: "GEMINI_MODEL" };

function modelVariable(agent: KnownAgent, model: string): Record<string, string> {
  const name = MODEL_VARIABLES[agent];
  return name === undefined ? {} : { [name]: model };
}

const PROMPT_UNUSED = "The task stands in the command.";

/** Agents that take from their arguments alone which model to ask. */
const MODEL_WORDS: Partial<Record<KnownAgent, (model: string) => string[]>> = {
  pi: (model) => ["--provider", "creel", "--model", model],
  qwen: () => ["--auth-type", "openai"],
  continue: () => ["--config", `${SANDBOX_HOME}/.continue/config.yaml`],
};

/** What the user wrote there wins. */
function withModel(agent: KnownAgent, command: readonly string[], model: string): string[] {
  const [program = "", ...rest] = command;
  const words = MODEL_WORDS[agent]?.(model) ?? [];
  const flags = words.filter((word) => word.startsWith("--"));
  const isSaid = rest.some((word) => flags.some((flag) => word === flag || word.startsWith(`${flag}=`)));
  return isSaid ? [...command] : [program, ...words, ...rest];
}

/** Its own sandbox makes an empty network of its own, which would cut its tools off from the gateway; ours is around it. */
const withoutOwnSandbox = ({ path, content }: { path: string; content: string }) => ({
  path,
  content: path === ".codex/config.toml" ? `sandbox_mode = "danger-full-access"\n${content}` : content,
});
