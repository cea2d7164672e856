import { AGENT_TARGET, agentMounts, agree, baseEnv, linuxArch, PROVIDER, wordPrompt } from "./base.ts";
import type { AgentPlugin } from "./types.ts";

/** Past its launcher, which would first run the package's install scripts; nothing of a stranger's runs at installation here. */
const ENTRY = "node_modules/openclaw/dist/entry.js";
/** It needs a newer Node than Creel does; its own comes with it. */
const node = (arch: string): string => `${AGENT_TARGET}/node_modules/node-linux-${linuxArch(arch)}/bin/node`;
const GATEWAY_PORT = 18_789;
/** Seconds one task may take before it gives up by itself. */
const TASK_TIMEOUT_SECONDS = 3600;

const speaks = ["openai-chat", "anthropic-messages", "openai-responses"] as const;
type Spoken = (typeof speaks)[number];

const apis: Readonly<Record<Spoken, string>> = {
  "openai-chat": "openai-completions",
  "openai-responses": "openai-responses",
  "anthropic-messages": "anthropic-messages",
};

export const openclaw: AgentPlugin = {
  id: "openclaw",
  title: "OpenClaw",
  speaks,
  entry: () => ENTRY,
  prepare(input) {
    const [name, protocol] = agree({ title: "OpenClaw", speaks }, input);
    const base = [node(input.host.arch), `${AGENT_TARGET}/${ENTRY}`];
    const task = ["agent", "exec", "--timeout", String(TASK_TIMEOUT_SECONDS)];
    // Without a task it stays: its gateway waits for people and channels to talk to it.
    const argv =
      input.prompt.trim() === ""
        ? [...base, "gateway", "run", "--port", String(GATEWAY_PORT)]
        : [...base, ...task, wordPrompt(input, "OpenClaw")];
    const content = `${JSON.stringify(config({ ...input, name, protocol }), null, 2)}\n`;
    return {
      argv,
      env: baseEnv(input, { OPENCLAW_NO_RESPAWN: "1" }),
      files: [{ path: ".openclaw/openclaw.json", content }],
      mounts: agentMounts(input, "openclaw"),
      needsProtocol: protocol,
    };
  },
};

interface Settings {
  name: string;
  protocol: Spoken;
  baseUrl: string;
  placeholderKey: string;
}

/** Lean: no plugins that call home, one model, no heartbeat that would spend tokens unasked. */
function config({ name, protocol, baseUrl, placeholderKey }: Settings): object {
  const model = { id: name, name, contextWindow: 128_000, maxTokens: 4096, input: ["text"] };
  const provider = {
    baseUrl: protocol === "anthropic-messages" ? baseUrl : `${baseUrl}/v1`,
    api: apis[protocol],
    apiKey: placeholderKey,
    models: [model],
  };
  return {
    gateway: {
      mode: "local",
      port: GATEWAY_PORT,
      bind: "loopback",
      // Reachable inside the sandbox alone, where whoever could ask is the agent itself.
      auth: { mode: "token", token: placeholderKey },
      http: { endpoints: { chatCompletions: { enabled: true } } },
    },
    agents: {
      defaults: { model: { primary: `${PROVIDER}/${name}` }, skipBootstrap: true, heartbeat: { every: "0m" } },
    },
    models: { mode: "replace", providers: { [PROVIDER]: provider } },
    plugins: { enabled: false },
    update: { checkOnStart: false },
  };
}
