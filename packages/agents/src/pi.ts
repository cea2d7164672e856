import { AGENT_TARGET, agentMounts, agree, baseEnv, KEY_VARIABLE, NODE_TARGET, PROVIDER, wordPrompt } from "./base.ts";
import type { AgentPlugin } from "./types.ts";

const ENTRY = "node_modules/@mariozechner/pi-coding-agent/dist/cli.js";

const speaks = ["openai-chat", "anthropic-messages", "openai-responses"] as const;

const apis: Readonly<Record<(typeof speaks)[number], string>> = {
  "openai-chat": "openai-completions",
  "openai-responses": "openai-responses",
  "anthropic-messages": "anthropic-messages",
};

/** Off is what every OpenAI-compatible server understands; some refuse these fields outright. */
const compat = { supportsStore: false, supportsDeveloperRole: false, supportsReasoningEffort: false };

export const pi: AgentPlugin = {
  id: "pi",
  title: "pi",
  speaks,
  entry: () => ENTRY,
  prepare(input) {
    const [name, protocol] = agree({ title: "pi", speaks }, input);
    // Anthropic clients append `/v1/messages` themselves, OpenAI ones only the last part.
    const baseUrl = protocol === "anthropic-messages" ? input.baseUrl : `${input.baseUrl}/v1`;
    const chat = protocol === "openai-chat" ? { compat } : {};
    const provider = { baseUrl, api: apis[protocol], apiKey: KEY_VARIABLE, ...chat, models: [{ id: name }] };
    const models = { providers: { [PROVIDER]: provider } };
    const prompt = wordPrompt(input, "pi");
    return {
      argv: [NODE_TARGET, `${AGENT_TARGET}/${ENTRY}`, "--provider", PROVIDER, "--model", name, "-p", prompt],
      env: baseEnv(input, {
        [KEY_VARIABLE]: input.placeholderKey,
        PI_OFFLINE: "1",
        PI_SKIP_VERSION_CHECK: "1",
        PI_TELEMETRY: "0",
      }),
      files: [{ path: ".pi/agent/models.json", content: `${JSON.stringify(models, null, 2)}\n` }],
      mounts: agentMounts(input, "pi"),
      needsProtocol: protocol,
    };
  },
};
