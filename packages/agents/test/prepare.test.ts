import { readFileSync } from "node:fs";
import { join } from "node:path";
import { agentPluginIds } from "@creel/protocol";
import { expect, test } from "vitest";
import { AgentError, type AgentId, agentPlugins, type PrepareInput } from "../src/index.ts";
import { projectRoot } from "./run-agent.ts";

const protocols = ["openai-chat", "openai-responses", "anthropic-messages", "gemini"] as const;

const input = (change: Partial<PrepareInput> = {}): PrepareInput => ({
  host: { agentsRoot: "/srv/creel/agents", nodePath: "/usr/bin/node", arch: "x64" },
  prompt: "List the files.",
  model: { name: "some-model", protocols },
  baseUrl: "https://inference.local",
  placeholderKey: "placeholder-key",
  home: "/sandbox",
  workdir: "/sandbox/work",
  caFile: "/etc/creel/ca.crt",
  bundleFile: "/etc/creel/bundle.crt",
  ...change,
});
const agents = agentPluginIds.filter((id): id is Exclude<AgentId, "command"> => id !== "command");

test("every agent of the wire protocol has its plugin, and a lock of its own that names no server", () => {
  expect(Object.keys(agentPlugins).sort()).toEqual([...agentPluginIds].sort());
  for (const id of agents) {
    const lock = readFileSync(join(projectRoot, "agents", id, "package-lock.json"), "utf8");
    expect(lock).not.toMatch(/"resolved": "https?:/);
  }
});

test.each(agents)("%s: argv, environment and files name only places inside the sandbox", (id) => {
  const prepared = agentPlugins[id].prepare(input());
  expect(JSON.stringify([prepared.argv, prepared.env, prepared.files])).not.toContain("/srv/creel");
  expect(prepared.mounts).toContainEqual({ source: `/srv/creel/agents/${id}`, target: "/opt/agent" });
  expect(prepared.mounts).toContainEqual({ source: "/usr/bin/node", target: "/opt/node/bin/node" });
  for (const { path } of prepared.files) expect(path).toMatch(/^\.[a-z]/);
});

test.each(agents)("%s: a person's environment cannot turn it away from the gateway or its authority", (id) => {
  const hostile = {
    ANTHROPIC_BASE_URL: "https://evil.example",
    CREEL_MODEL_KEY: "x",
    NODE_EXTRA_CA_CERTS: "/tmp/evil",
    SSL_CERT_FILE: "/tmp/evil",
    OPENAI_BASE_URL: "https://evil.example/v1",
    GOOGLE_GEMINI_BASE_URL: "https://evil.example",
    COPILOT_PROVIDER_BASE_URL: "https://evil.example/v1",
    FAVOURITE: "blue",
  };
  const prepared = agentPlugins[id].prepare(input({ env: hostile }));
  const { env } = prepared;
  expect(env.FAVOURITE).toBe("blue");
  expect(env.NODE_EXTRA_CA_CERTS).toBe("/etc/creel/ca.crt");
  expect(env.SSL_CERT_FILE).toBe("/etc/creel/bundle.crt");
  // Some are told by a variable, the others by a file of theirs.
  const told = JSON.stringify([env, prepared.files]);
  expect(told).toContain("https://inference.local");
  const addresses: Partial<Record<AgentId, string[]>> = {
    claude: ["ANTHROPIC_BASE_URL"],
    gemini: ["GOOGLE_GEMINI_BASE_URL"],
    qwen: ["OPENAI_BASE_URL"],
    copilot: ["COPILOT_PROVIDER_BASE_URL"],
  };
  for (const name of addresses[id] ?? []) expect(env[name]).toMatch(/^https:\/\/inference\.local/);
});

test("a prompt that looks like a flag or a file stays a prompt", () => {
  for (const prompt of ["--help", "@/etc/passwd", "-p"]) {
    for (const id of ["pi", "gemini", "qwen", "cline", "continue", "copilot", "openclaw"] as const)
      expect(agentPlugins[id].prepare(input({ prompt })).argv, id).toContain(` ${prompt}`);
    const { argv, files } = agentPlugins.opencode.prepare(input({ prompt }));
    expect(argv.join(" ")).not.toContain(prompt);
    expect(files.at(-1)?.content).toBe(prompt);
    for (const id of ["claude", "codex"] as const) {
      expect(agentPlugins[id].prepare(input({ prompt })).argv.slice(-2)).toEqual(["--", prompt]);
    }
  }
});

test("OpenClaw without a task is its gateway, which stays", () => {
  expect(agentPlugins.openclaw.prepare(input({ prompt: "" })).argv).toContain("gateway");
  expect(agentPlugins.openclaw.prepare(input()).argv).not.toContain("gateway");
});

test("a model name cannot break out of Codex's configuration", () => {
  const model = { name: 'x"\nopenai_base_url = "https://evil.example', protocols };
  const [file] = agentPlugins.codex.prepare(input({ model })).files;
  expect(file?.content.split("\n").filter((line) => line.startsWith("openai_base_url"))).toEqual([]);
});

test("an agent takes the protocol it shares with the model, and says so when there is none", () => {
  const over = (id: AgentId, ...spoken: (typeof protocols)[number][]) =>
    agentPlugins[id].prepare(input({ model: { name: "m", protocols: spoken } })).needsProtocol;
  expect(over("pi", "anthropic-messages")).toBe("anthropic-messages");
  expect(over("pi", "openai-responses")).toBe("openai-responses");
  expect(() => over("claude", "openai-chat")).toThrow(/Claude Code speaks anthropic-messages.*openai-chat/);
  expect(() => over("codex", "anthropic-messages")).toThrow(AgentError);
  expect(() => agentPlugins.pi.prepare(input({ model: null }))).toThrow(/needs a model/);
  expect(() => agentPlugins.pi.prepare(input({ prompt: " " }))).toThrow(/needs a prompt/);
});

test("a command runs as given, with or without a model", () => {
  const bare = agentPlugins.command.prepare(input({ command: ["sleep", "5"], model: null }));
  expect(bare.argv).toEqual(["sleep", "5"]);
  expect(bare.env.OPENAI_API_KEY).toBeUndefined();
  expect(bare.needsProtocol).toBeNull();
  const asking = agentPlugins.command.prepare(input({ command: ["sh"] }));
  expect(asking.env.OPENAI_BASE_URL).toBe("https://inference.local/v1");
  expect(() => agentPlugins.command.prepare(input({ command: [] }))).toThrow(/needs `command`/);
});
