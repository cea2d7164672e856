import { AGENT_TARGET, agentMounts, agree, baseEnv, linuxArch, wordPrompt } from "./base.ts";
import type { AgentPlugin } from "./types.ts";

const entry = (arch: string): string => `node_modules/@github/copilot-linux-${linuxArch(arch)}/copilot`;

export const copilot: AgentPlugin = {
  id: "copilot",
  title: "GitHub Copilot CLI",
  speaks: ["openai-chat"],
  entry,
  prepare(input) {
    const [name, protocol] = agree(copilot, input);
    return {
      argv: [
        `${AGENT_TARGET}/${entry(input.host.arch)}`,
        "-p",
        wordPrompt(input, "GitHub Copilot CLI"),
        "--allow-all-tools",
      ],
      env: baseEnv(input, {
        // Its own service is asked for nothing; the model is the one named here.
        COPILOT_OFFLINE: "true",
        COPILOT_PROVIDER_BASE_URL: `${input.baseUrl}/v1`,
        COPILOT_PROVIDER_API_KEY: input.placeholderKey,
        COPILOT_MODEL: name,
      }),
      files: [],
      mounts: agentMounts(input, "copilot"),
      needsProtocol: protocol,
    };
  },
};
