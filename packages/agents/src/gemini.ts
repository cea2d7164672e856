import { AGENT_TARGET, agentMounts, agree, baseEnv, NODE_TARGET, wordPrompt } from "./base.ts";
import type { AgentPlugin } from "./types.ts";

const ENTRY = "node_modules/@google/gemini-cli/bundle/gemini.js";

/** Without a chosen way to sign in it guesses one from the base URL, and its own validator then refuses the guess. */
const settings = {
  security: { auth: { selectedType: "gemini-api-key" } },
  privacy: { usageStatisticsEnabled: false },
  general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
};

export const gemini: AgentPlugin = {
  id: "gemini",
  title: "Gemini CLI",
  speaks: ["gemini"],
  entry: () => ENTRY,
  prepare(input) {
    const [name, protocol] = agree(gemini, input);
    const prompt = wordPrompt(input, "Gemini CLI");
    return {
      // Its own questions have nobody to answer them; a model named here keeps it from asking another one which to take.
      argv: [NODE_TARGET, `${AGENT_TARGET}/${ENTRY}`, "--skip-trust", "--yolo", "-m", name, "-p", prompt],
      env: baseEnv(input, { GEMINI_API_KEY: input.placeholderKey, GOOGLE_GEMINI_BASE_URL: input.baseUrl }),
      files: [{ path: ".gemini/settings.json", content: `${JSON.stringify(settings, null, 2)}\n` }],
      mounts: agentMounts(input, "gemini"),
      needsProtocol: protocol,
    };
  },
};
