/** What agents ask of their makers by themselves. */
import { type PresetSource, read, rest } from "./define.ts";
import { claude, codex, copilot, node, opencode, python } from "./programs.ts";

export const agents: readonly PresetSource[] = [
  {
    name: "claude-code",
    title: "Claude Code sign-in",
    description:
      "Sign in with a Claude account and keep it fresh; telemetry and feedback stay shut. Its models are preset `anthropic`.",
    category: "agents",
    programs: claude,
    endpoints: [
      rest("platform.claude.com", ["GET,POST /v1/oauth/**"]),
      rest("api.anthropic.com", [
        "GET /api/hello",
        "GET /api/oauth/profile",
        "GET /api/oauth/usage",
        "GET /api/claude_cli/bootstrap",
      ]),
    ],
  },
  {
    name: "codex",
    title: "Codex with a ChatGPT account",
    description: "Sign in and ask models through the account; analytics and plugins stay shut.",
    category: "agents",
    programs: codex,
    endpoints: [
      rest("auth.openai.com", ["POST /oauth/token", "POST /api/accounts/deviceauth/*"]),
      rest("chatgpt.com", ["GET /backend-api/codex/models", "POST /backend-api/codex/responses"]),
    ],
  },
  {
    name: "copilot",
    title: "GitHub Copilot",
    description: "Exchange the token and ask models.",
    category: "agents",
    programs: copilot,
    endpoints: [
      rest("api.github.com", ["GET /copilot_internal/**", "GET /user"]),
      rest("api.githubcopilot.com", ["GET /models", "POST /chat/completions", "POST /responses"]),
    ],
  },
  {
    name: "opencode",
    title: "OpenCode model list",
    description: "Fetch the list of models.",
    category: "agents",
    programs: opencode,
    endpoints: [read("models.opencode.ai")],
  },
  {
    name: "openclaw",
    title: "OpenClaw site and documentation",
    description: "Read the site and the documentation; telemetry stays shut.",
    category: "agents",
    programs: node,
    endpoints: [read("openclaw.ai"), read("docs.openclaw.ai"), read("catalog.openclaw.ai")],
  },
  {
    name: "openclaw-pricing",
    title: "OpenClaw prices",
    description: "Fetch the public list of models and prices.",
    category: "agents",
    programs: node,
    endpoints: [rest("openrouter.ai", ["GET /api/v1/models"])],
  },
  {
    name: "clawhub",
    title: "ClawHub skills",
    description: "Search and download skills; publishing stays shut. Scoped names hold an encoded slash.",
    category: "agents",
    programs: node,
    endpoints: [read("clawhub.ai", { allow_encoded_slash: true })],
  },
  {
    name: "hermes",
    title: "Hermes site and documentation",
    description: "Read the site and the documentation.",
    category: "agents",
    programs: python,
    endpoints: [read("nousresearch.com"), read("hermes-agent.nousresearch.com")],
  },
];
