import { baseEnv, KEY_VARIABLE, nodeMount } from "./base.ts";
import { AgentError, type AgentPlugin } from "./types.ts";

/** Any program: it gets the sandbox, the authorities to trust, and where a model answers under the usual names. */
export const command: AgentPlugin = {
  id: "command",
  title: "A command",
  speaks: ["openai-chat", "openai-responses", "anthropic-messages"],
  entry: () => null,
  prepare(input) {
    const argv = [...(input.command ?? [])];
    if (!argv[0]) throw new AgentError("The plugin `command` needs `command`: the program and its arguments.");
    const { baseUrl, placeholderKey, model } = input;
    const inference = {
      OPENAI_BASE_URL: `${baseUrl}/v1`,
      OPENAI_API_KEY: placeholderKey,
      ANTHROPIC_BASE_URL: baseUrl,
      ANTHROPIC_API_KEY: placeholderKey,
      [KEY_VARIABLE]: placeholderKey,
      CREEL_MODEL: model?.name ?? "",
    };
    return {
      argv,
      env: baseEnv(input, model ? inference : {}),
      files: [],
      mounts: [nodeMount(input)],
      needsProtocol: null,
    };
  },
};
