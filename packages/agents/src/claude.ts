import { AGENT_TARGET, agentMounts, agree, baseEnv, linuxArch, promptOf } from "./base.ts";
import type { AgentPlugin } from "./types.ts";

/** The platform's own binary: the wrapper package only links to it when its install script has run, and ours never do. */
const entry = (arch: string): string => `node_modules/@anthropic-ai/claude-code-linux-${linuxArch(arch)}/claude`;

/** Claude Code remembers an approved key by its last characters, this many of them. */
const KEY_TAIL_CHARS = 20;

export const claude: AgentPlugin = {
  id: "claude",
  title: "Claude Code",
  speaks: ["anthropic-messages"],
  entry,
  prepare(input) {
    const [name, protocol] = agree(claude, input);
    const prompt = promptOf(input, "Claude Code");
    const { workdir, placeholderKey } = input;
    // Seeded, or the first start asks its maker's own server whether it is reachable and waits for a person.
    const seen = {
      hasCompletedOnboarding: true,
      theme: "dark",
      customApiKeyResponses: { approved: [placeholderKey.slice(-KEY_TAIL_CHARS)], rejected: [] },
      projects: { [workdir]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true } },
    };
    return {
      // Its own permission prompts have nobody to answer them; what it may do is decided outside of it.
      argv: [
        `${AGENT_TARGET}/${entry(input.host.arch)}`,
        "-p",
        "--dangerously-skip-permissions",
        "--model",
        name,
        "--",
        prompt,
      ],
      env: baseEnv(input, {
        ANTHROPIC_BASE_URL: input.baseUrl,
        ANTHROPIC_API_KEY: placeholderKey,
        // Side jobs such as titles would otherwise ask for a model that is not served here.
        ANTHROPIC_SMALL_FAST_MODEL: name,
        ANTHROPIC_DEFAULT_HAIKU_MODEL: name,
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
        DISABLE_AUTOUPDATER: "1",
        // Uid 0 inside a user namespace looks like root to it, and it refuses to work as root otherwise.
        IS_SANDBOX: "1",
      }),
      files: [{ path: ".claude.json", content: `${JSON.stringify(seen, null, 2)}\n` }],
      mounts: agentMounts(input, "claude"),
      needsProtocol: protocol,
    };
  },
};
