import { AGENT_TARGET, agentMounts, agree, baseEnv, NODE_TARGET, PROVIDER, wordPrompt } from "./base.ts";
import type { AgentPlugin } from "./types.ts";

const ENTRY = "node_modules/@continuedev/cli/dist/cn.js";
const CONFIG = ".continue/config.yaml";

/** `continue` is a word of the language. */
export const continueDev: AgentPlugin = {
  id: "continue",
  title: "Continue",
  speaks: ["openai-chat"],
  entry: () => ENTRY,
  prepare(input) {
    const [name, protocol] = agree(continueDev, input);
    const prompt = wordPrompt(input, "Continue");
    const model = {
      name: PROVIDER,
      provider: "openai",
      model: name,
      apiBase: `${input.baseUrl}/v1`,
      apiKey: input.placeholderKey,
      roles: ["chat"],
      capabilities: ["tool_use"],
    };
    const config = { name: PROVIDER, version: "1.0.0", schema: "v1", models: [model] };
    return {
      argv: [NODE_TARGET, `${AGENT_TARGET}/${ENTRY}`, "--config", `${input.home}/${CONFIG}`, "--auto", "-p", prompt],
      env: baseEnv(input, {
        CONTINUE_TELEMETRY_ENABLED: "0",
        CONTINUE_METRICS_ENABLED: "0",
      }),
      // JSON is YAML, and has one way to write a text.
      files: [{ path: CONFIG, content: `${JSON.stringify(config, null, 2)}\n` }],
      mounts: agentMounts(input, "continue"),
      needsProtocol: protocol,
    };
  },
};
