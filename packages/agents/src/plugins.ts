import { claude } from "./claude.ts";
import { cline } from "./cline.ts";
import { codex } from "./codex.ts";
import { command } from "./command.ts";
import { continueDev } from "./continue.ts";
import { copilot } from "./copilot.ts";
import { gemini } from "./gemini.ts";
import { openclaw } from "./openclaw.ts";
import { opencode } from "./opencode.ts";
import { pi } from "./pi.ts";
import { qwen } from "./qwen.ts";
import type { AgentId, AgentPlugin } from "./types.ts";

/** One entry per value of `agent.plugin` in the wire protocol. */
export const agentPlugins: Readonly<Record<AgentId, AgentPlugin>> = {
  pi,
  claude,
  codex,
  opencode,
  gemini,
  qwen,
  cline,
  continue: continueDev,
  copilot,
  openclaw,
  command,
};
