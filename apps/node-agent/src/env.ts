import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { hostAuthorities } from "@creel/gateway";
import { z } from "zod";

/** Credentials and addresses of models: for the gateway process alone. */
const MODEL_SETTINGS = [
  "NVIDIA_API_KEY",
  "NVIDIA_BASE_URL",
  "OPENAI_API_KEY",
  "OPENAI_BASE_URL",
  "ANTHROPIC_API_KEY",
  "ANTHROPIC_BASE_URL",
  "GEMINI_API_KEY",
  "OLLAMA_HOST",
  "VLLM_BASE_URL",
  "CREEL_MODEL",
  "HTTPS_PROXY",
  "HTTP_PROXY",
  "NO_PROXY",
] as const;
/** What any Node process needs to run and to find its certificates. */
const PLAIN_SETTINGS = ["PATH", "HOME", "TMPDIR", "TZ", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"] as const;

const resolveText = z.string().transform((text, context): Record<string, string> => {
  try {
    return z.record(z.string(), z.string()).parse(JSON.parse(text));
  } catch {
    context.addIssue({ code: "custom", message: 'write JSON like {"host:443": "127.0.0.1:8443"}' });
    return z.NEVER;
  }
});
const schema = z.object({
  CREEL_NODE_DIR: z.string().min(1),
  CREEL_JOIN_URI_FILE: z.string().min(1).optional(),
  /** Where the hub is now, when it has moved since enrolment; the pinned CA still decides whether it is the hub. */
  CREEL_HUB_URL: z.url({ protocol: /^https$/ }).optional(),
  CREEL_NODE_NAME: z.string().min(1).optional(),
  /** Join and end, for whoever sets a host up before its service starts. */
  CREEL_ENROLL_ONLY: z.enum(["0", "1"]).default("0"),
  CREEL_NODE_RESOLVE: resolveText.optional(),
  CREEL_UPSTREAM_CA_FILE: z.string().min(1).optional(),
  /** The folder with one folder for each installed agent. */
  CREEL_AGENTS_DIR: z.string().min(1).optional(),
  CREEL_LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
});

export interface AgentEnv {
  dir: string;
  joinUriFile: string | null;
  hubUrl: string | null;
  nodeName: string | null;
  enrollOnly: boolean;
  resolve: Record<string, string>;
  upstreamCa: string[];
  agentsRoot: string;
  logLevel: "debug" | "info" | "warn" | "error";
  /** The whole environment of the gateway process. */
  gatewayEnv: NodeJS.ProcessEnv;
}

/** The node agent's settings. Takes the models' keys out of this process's environment, so that no other child inherits them. */
export function readAgentEnv(source: NodeJS.ProcessEnv = process.env): AgentEnv {
  const parsed = schema.safeParse(source);
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`The node agent's settings do not fit. Set these environment variables:\n${lines.join("\n")}`);
  }
  const env = parsed.data;
  const gatewayEnv: NodeJS.ProcessEnv = {};
  for (const name of [...PLAIN_SETTINGS, ...MODEL_SETTINGS])
    if (source[name] !== undefined) gatewayEnv[name] = source[name];
  for (const name of MODEL_SETTINGS) delete source[name];
  return {
    dir: env.CREEL_NODE_DIR,
    joinUriFile: env.CREEL_JOIN_URI_FILE ?? null,
    hubUrl: env.CREEL_HUB_URL ?? null,
    nodeName: env.CREEL_NODE_NAME ?? null,
    enrollOnly: env.CREEL_ENROLL_ONLY === "1",
    resolve: env.CREEL_NODE_RESOLVE ?? {},
    upstreamCa: [
      ...(env.CREEL_UPSTREAM_CA_FILE ? [readFileSync(env.CREEL_UPSTREAM_CA_FILE, "utf8")] : []),
      ...hostAuthorities(source),
    ],
    agentsRoot: env.CREEL_AGENTS_DIR ?? fileURLToPath(new URL("../../../agents", import.meta.url)),
    logLevel: env.CREEL_LOG_LEVEL,
    gatewayEnv,
  };
}

/** What the gateway process hands to the detection of a model. */
export const readGatewayEnv = (source: NodeJS.ProcessEnv = process.env): Record<string, string | undefined> => ({
  ...source,
});
