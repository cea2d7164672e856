/** Model servers, for programs that talk to them by themselves. What goes through `inference.local` needs none of these. */
import { address, host, type PresetSource, rest, restAt } from "./define.ts";
import { bots, claude, codex, copilot, curl, node, opencode, python } from "./programs.ts";

const OPENAI_CALLS = [
  "GET /v1/models/**",
  "GET /v1/models",
  "POST /v1/chat/completions",
  "POST /v1/completions",
  "POST /v1/embeddings",
];
const agents = [...claude, ...codex, ...opencode, ...copilot, ...bots];

export const models: readonly PresetSource[] = [
  {
    name: "local-inference",
    title: "The sandbox's own model host",
    description: "Names the agents that may ask `inference.local`, and only for models and answers.",
    category: "models",
    programs: agents,
    endpoints: [
      rest("inference.local", [
        ...OPENAI_CALLS,
        "POST /v1/responses",
        "POST /v1/messages",
        "POST /v1/messages/count_tokens",
      ]),
    ],
  },
  {
    name: "nvidia",
    title: "NVIDIA endpoints",
    description: "Ask models and embeddings of NVIDIA's hosted endpoints.",
    category: "models",
    programs: agents,
    endpoints: [rest("integrate.api.nvidia.com", OPENAI_CALLS), rest("inference-api.nvidia.com", OPENAI_CALLS)],
  },
  {
    name: "anthropic",
    title: "Anthropic API",
    description: "Ask models; files, batches and administration stay shut.",
    category: "models",
    programs: [...claude, ...bots],
    endpoints: [
      rest("api.anthropic.com", [
        "GET /v1/models",
        "GET /v1/models/*",
        "POST /v1/messages",
        "POST /v1/messages/count_tokens",
      ]),
    ],
  },
  {
    name: "openai",
    title: "OpenAI API",
    description: "Ask models; files, assistants and administration stay shut.",
    category: "models",
    programs: [...codex, ...bots],
    endpoints: [rest("api.openai.com", [...OPENAI_CALLS, "POST /v1/responses"])],
  },
  {
    name: "gemini",
    title: "Gemini API",
    description: "Ask models and embeddings; file uploads stay shut.",
    category: "models",
    programs: bots,
    endpoints: [
      rest("generativelanguage.googleapis.com", [
        "GET /v1beta/models",
        "GET /v1beta/models/*",
        "POST /v1beta/models/*:*",
        "POST /v1beta/openai/chat/completions",
      ]),
    ],
  },
  {
    name: "huggingface",
    title: "Hugging Face, reading",
    description: "Download models and data sets, and ask the inference router; uploading stays shut.",
    category: "models",
    programs: [...python, ...node, ...curl],
    endpoints: [
      rest("huggingface.co", ["GET /**"], { deny: ["* /settings/**"] }),
      rest("cdn-lfs.huggingface.co", ["GET /**"]),
      rest("cas-bridge.xethub.hf.co", ["GET /**"]),
      rest("router.huggingface.co", ["GET /v1/models", "POST /v1/chat/completions", "POST /v1/embeddings"]),
    ],
  },
  {
    name: "ollama",
    title: "Ollama",
    description: "Ask the models of your Ollama server; pulling, pushing and deleting models stay shut.",
    category: "models",
    parameters: [host("The host and port of your Ollama server.", "ollama.example.com:11434"), address],
    programs: bots,
    endpoints: (values) =>
      values.host().map((place) =>
        restAt(
          place,
          [
            "GET /api/tags",
            "GET /api/version",
            "POST /api/show",
            "POST /api/chat",
            "POST /api/generate",
            "POST /api/embed",
            ...OPENAI_CALLS,
          ],
          {
            addresses: values.addresses("address"),
          },
        ),
      ),
  },
];
