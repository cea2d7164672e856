import { AGENT_TARGET, agentMounts, agree, baseEnv, NODE_TARGET, wordPrompt } from "./base.ts";
import type { AgentPlugin } from "./types.ts";

const ENTRY = "node_modules/@qwen-code/qwen-code/cli-entry.js";

/** What keeps it from calling home; its environment variable for that alone does not. */
const settings = { privacy: { usageStatisticsEnabled: false }, general: { enableAutoUpdate: false } };

export const qwen: AgentPlugin = {
  id: "qwen",
  title: "Qwen Code",
  speaks: ["openai-chat"],
  entry: () => ENTRY,
  prepare(input) {
    const [name, protocol] = agree(qwen, input);
    const prompt = wordPrompt(input, "Qwen Code");
    return {
      argv: [NODE_TARGET, `${AGENT_TARGET}/${ENTRY}`, "--auth-type", "openai", "--yolo", "-p", prompt],
      env: baseEnv(input, {
        OPENAI_API_KEY: input.placeholderKey,
        OPENAI_BASE_URL: `${input.baseUrl}/v1`,
        OPENAI_MODEL: name,
      }),
      files: [{ path: ".qwen/settings.json", content: `${JSON.stringify(settings, null, 2)}\n` }],
      mounts: agentMounts(input, "qwen"),
      needsProtocol: protocol,
    };
  },
};
