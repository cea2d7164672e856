import { claude } from "./claude.ts";
import { codex } from "./codex.ts";
import { command } from "./command.ts";
import { pi } from "./pi.ts";
import type { AgentId, AgentPlugin } from "./types.ts";

/** One entry per value of `agent.plugin` in the wire protocol. */
export const agentPlugins: Readonly<Record<AgentId, AgentPlugin>> = { pi, claude, codex, command };
