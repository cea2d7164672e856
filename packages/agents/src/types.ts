import type { AgentSpec } from "@creel/protocol";

/** Protocols a model may be reached over; the same words as the router's. */
export type ModelProtocol = "openai-chat" | "openai-responses" | "anthropic-messages" | "gemini";

export interface AgentModel {
  name: string;
  /** What the model's backend speaks; nothing is translated, so an agent needs one it speaks too. */
  protocols: readonly ModelProtocol[];
}

/** Where things lie on the host. */
export interface AgentHost {
  /** The folder that holds one folder per agent, `agents/` of the project. */
  agentsRoot: string;
  /** The Node binary agents written for Node run on; bound read-only, its libraries come from /usr. */
  nodePath: string;
  /** `process.arch` of the host. */
  arch: string;
}

export interface PrepareInput {
  host: AgentHost;
  /** The task; unused by `command`. */
  prompt: string;
  /** argv; only for `command`. */
  command?: readonly string[] | undefined;
  /** Null when a `command` needs no model. */
  model: AgentModel | null;
  /** Where the model answers as seen from the sandbox, without a trailing slash: `https://inference.local`. */
  baseUrl: string;
  /** Stands where a key is expected; it opens nothing. The gateway puts the real one in its place. */
  placeholderKey: string;
  /** Paths inside the sandbox. */
  home: string;
  workdir: string;
  /** The sandbox's own CA alone. */
  caFile: string;
  /** The system's CA bundle with the sandbox's own CA appended. */
  bundleFile: string;
  /** Settings of the person's own; they win, except over what leads to the gateway. */
  env?: Readonly<Record<string, string>> | undefined;
}

export interface PreparedAgent {
  argv: string[];
  /** The whole environment: nothing of the host's is inherited, and nothing in it is secret. */
  env: Record<string, string>;
  /** Laid into HOME before the start; `path` is relative to it. */
  files: { path: string; content: string }[];
  /** Read-only binds; `source` on the host, `target` in the sandbox. */
  mounts: { source: string; target: string }[];
  /** The protocol the agent will speak; null when it speaks to no model. */
  needsProtocol: ModelProtocol | null;
}

export type AgentId = AgentSpec["plugin"];

export interface AgentPlugin {
  id: AgentId;
  title: string;
  /** Protocols the agent can be told to speak, best first. */
  speaks: readonly ModelProtocol[];
  /** A file under `agents/<id>/` that is there when the agent is installed; null for what needs no installation. */
  entry(arch: string): string | null;
  /** Pure: reads no file and no clock. Throws `AgentError` with a remedy when the input cannot work. */
  prepare(input: PrepareInput): PreparedAgent;
}

/** Something a person asked for that cannot run; the message says what to change. */
export class AgentError extends Error {
  override readonly name = "AgentError";
}
