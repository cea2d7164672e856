import { AGENT_TARGET, agentMounts, agree, baseEnv, KEY_VARIABLE, linuxArch, PROVIDER, promptOf } from "./base.ts";
import type { AgentPlugin } from "./types.ts";

/** The platform's own binary; the wrapper finds it only after its install script has run. */
const entry = (arch: string): string => `node_modules/opencode-linux-${linuxArch(arch)}/bin/opencode`;

const PROMPT_FILE = ".config/opencode/prompt.txt";

export const opencode: AgentPlugin = {
  id: "opencode",
  title: "OpenCode",
  speaks: ["openai-chat"],
  entry,
  prepare(input) {
    const [name, protocol] = agree(opencode, input);
    const provider = {
      // Built into it: nothing is fetched for this package.
      npm: "@ai-sdk/openai-compatible",
      name: PROVIDER,
      options: { baseURL: `${input.baseUrl}/v1`, apiKey: `{env:${KEY_VARIABLE}}` },
      models: { [name]: { name, tool_call: true } },
    };
    const config = { provider: { [PROVIDER]: provider }, model: `${PROVIDER}/${name}`, share: "disabled" };
    return {
      // Arguments it puts into quotes and escapes; what it is given on its standard input stays as it is.
      argv: ["/bin/sh", "-c", `exec "$0" run <"$HOME/${PROMPT_FILE}"`, `${AGENT_TARGET}/${entry(input.host.arch)}`],
      env: baseEnv(input, {
        [KEY_VARIABLE]: input.placeholderKey,
        OPENCODE_DISABLE_AUTOUPDATE: "1",
        OPENCODE_DISABLE_MODELS_FETCH: "1",
      }),
      files: [
        { path: ".config/opencode/opencode.json", content: `${JSON.stringify(config, null, 2)}\n` },
        { path: PROMPT_FILE, content: promptOf(input, "OpenCode") },
      ],
      mounts: agentMounts(input, "opencode"),
      needsProtocol: protocol,
    };
  },
};
