import { AGENT_TARGET, agentMounts, agree, baseEnv, KEY_VARIABLE, linuxArch, PROVIDER, promptOf } from "./base.ts";
import type { AgentPlugin } from "./types.ts";

const triples = { x64: "x86_64-unknown-linux-musl", arm64: "aarch64-unknown-linux-musl" } as const;

/** The static binary itself; the launcher beside it is a Node script that only finds it. */
function entry(arch: string): string {
  const name = linuxArch(arch);
  return `node_modules/@openai/codex-linux-${name}/vendor/${triples[name]}/bin/codex`;
}

/** JSON's escapes are also those of a TOML basic string. */
const quoted = (text: string): string => JSON.stringify(text);

export const codex: AgentPlugin = {
  id: "codex",
  title: "Codex",
  speaks: ["openai-responses"],
  entry,
  prepare(input) {
    const [name, protocol] = agree(codex, input);
    const prompt = promptOf(input, "Codex");
    return {
      // Its own sandbox makes an empty network namespace, which would cut its tools off from the gateway; ours is around it.
      argv: [
        `${AGENT_TARGET}/${entry(input.host.arch)}`,
        "exec",
        "--skip-git-repo-check",
        "--sandbox",
        "danger-full-access",
        "--",
        prompt,
      ],
      env: baseEnv(input, { [KEY_VARIABLE]: input.placeholderKey }),
      files: [{ path: ".codex/config.toml", content: config(name, input.baseUrl) }],
      mounts: agentMounts(input, "codex"),
      needsProtocol: protocol,
    };
  },
};

/** With a provider of its own name Codex speaks plain HTTP streams; the built-in one tries WebSockets first. */
const config = (model: string, baseUrl: string): string => `check_for_update_on_startup = false
model = ${quoted(model)}
model_provider = "${PROVIDER}"

[model_providers.${PROVIDER}]
name = "${PROVIDER}"
base_url = ${quoted(`${baseUrl}/v1`)}
env_key = "${KEY_VARIABLE}"
wire_api = "responses"

[analytics]
enabled = false

[feedback]
enabled = false

[features]
plugins = false
apps = false
`;
