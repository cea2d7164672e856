import { AGENT_TARGET, agentMounts, agree, baseEnv, linuxArch, wordPrompt } from "./base.ts";
import type { AgentPlugin } from "./types.ts";

const entry = (arch: string): string => `node_modules/@cline/cli-linux-${linuxArch(arch)}/bin/cline`;

/** It stores when a provider was set up, and looks at it no more. */
const SET_UP = "2026-01-01T00:00:00.000Z";
const KIND = "openai-compatible";

export const cline: AgentPlugin = {
  id: "cline",
  title: "Cline",
  speaks: ["openai-chat"],
  entry,
  prepare(input) {
    const [name, protocol] = agree(cline, input);
    const settings = {
      provider: KIND,
      apiKey: input.placeholderKey,
      model: name,
      baseUrl: `${input.baseUrl}/v1`,
    };
    const providers = {
      version: 1,
      lastUsedProvider: KIND,
      modes: {},
      providers: { [KIND]: { settings, updatedAt: SET_UP, tokenSource: "manual" } },
    };
    return {
      argv: [`${AGENT_TARGET}/${entry(input.host.arch)}`, wordPrompt(input, "Cline")],
      env: baseEnv(input, { CLINE_NO_AUTO_UPDATE: "1", DO_NOT_TRACK: "1" }),
      files: [{ path: ".cline/data/settings/providers.json", content: `${JSON.stringify(providers, null, 2)}\n` }],
      mounts: agentMounts(input, "cline"),
      needsProtocol: protocol,
    };
  },
};
