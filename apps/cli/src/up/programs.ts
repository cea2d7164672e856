import { existsSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../env.ts";
import { CliError } from "../exit.ts";
import type { DatabaseUrls } from "./database.ts";
import type { HomePaths } from "./home.ts";
import type { Joining } from "./node.ts";
import type { ProgramSpec } from "./supervisor.ts";
import type { World } from "./world.ts";

export const built = {
  hub: join(projectRoot, "apps/hub/dist/hub.js"),
  nodeAgent: join(projectRoot, "apps/node-agent/dist/node-agent.js"),
  web: join(projectRoot, "apps/web/.next/standalone/apps/web/server.js"),
  launcher: join(projectRoot, "packages/sandbox/build/creel-launch"),
};

/** @throws CliError when something has not been built. */
export function requireBuilt(): void {
  const missing = Object.values(built).filter((file) => !existsSync(file));
  if (missing.length === 0) return;
  throw new CliError(`not built yet: ${missing.join(", ")} is missing`, {
    place: projectRoot,
    remedy: "Run `npm start` (it builds what is missing), or `npm run build` first.",
  });
}

export interface Settings {
  paths: HomePaths;
  urls: DatabaseUrls;
  webUrl: string;
  webPort: number;
  hubUrl: string;
  hubPort: number;
  redisUrl: string | null;
  sessionSecret: string;
  /** Of the person who started us. */
  env: NodeJS.ProcessEnv;
}

/** What any program needs of the person's environment; model keys are not among it. */
const PLAIN = ["PATH", "HOME", "TMPDIR", "TZ", "LANG", "LC_ALL", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"];
/** For the node agent, which hands them to its gateway process alone. */
const MODEL = [
  ...[
    "NVIDIA_API_KEY",
    "NVIDIA_BASE_URL",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "ANTHROPIC_API_KEY",
    "ANTHROPIC_BASE_URL",
  ],
  ...["GEMINI_API_KEY", "OLLAMA_HOST", "VLLM_BASE_URL", "CREEL_MODEL", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"],
];
/** Where notices go out; the hub alone sends mail, so it alone hears the mail server's password. */
const HUB = ["CREEL_SMTP_URL", "CREEL_MAIL_FROM", "CREEL_NOTICE_HOSTS", "CREEL_LOG_LEVEL"];
/** The address header is the operator's word on their own proxy: lost, tries of one address are not counted. */
const WEB = ["CREEL_NOTICE_HOSTS", "CREEL_SSO_HOSTS", "CREEL_DNS_SERVERS", "CREEL_ADDRESS_HEADER", "CREEL_FOUNDERS"];
const pick = (env: NodeJS.ProcessEnv, names: string[]): NodeJS.ProcessEnv =>
  Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));

const controlPlane = (settings: Settings): NodeJS.ProcessEnv => ({
  ...pick(settings.env, PLAIN),
  NODE_ENV: "production",
  DATABASE_APP_URL: settings.urls.app,
  DATABASE_SYSTEM_URL: settings.urls.system,
  DATABASE_QUEUE_URL: settings.urls.queue,
  ...(settings.redisUrl === null ? {} : { REDIS_URL: settings.redisUrl }),
  CREEL_HOME: settings.paths.home,
  CREEL_WEB_URL: settings.webUrl,
  CREEL_HUB_URL: settings.hubUrl,
  CREEL_MASTER_KEY_FILE: settings.paths.masterKey,
  CREEL_TLS_DIR: settings.paths.tls,
});

const program = (name: string, script: string, paths: HomePaths, env: NodeJS.ProcessEnv): ProgramSpec => ({
  name,
  command: process.execPath,
  args: ["--enable-source-maps", script],
  cwd: paths.home,
  env,
});

export const hubProgram = (settings: Settings): ProgramSpec =>
  program("hub", built.hub, settings.paths, {
    ...controlPlane(settings),
    ...pick(settings.env, HUB),
    CREEL_HUB_HOST: "127.0.0.1",
    CREEL_HUB_PORT: String(settings.hubPort),
  });

export const webProgram = (settings: Settings): ProgramSpec =>
  program("web", built.web, settings.paths, {
    ...controlPlane(settings),
    ...pick(settings.env, WEB),
    HOSTNAME: "127.0.0.1",
    PORT: String(settings.webPort),
    NEXTAUTH_URL: settings.webUrl,
    NEXTAUTH_SECRET: settings.sessionSecret,
  });

export const nodeProgram = (settings: Settings, world: World, joining: Joining | null): ProgramSpec =>
  program("node-agent", built.nodeAgent, settings.paths, {
    ...pick(settings.env, [...PLAIN, ...MODEL]),
    NODE_ENV: "production",
    CREEL_NODE_DIR: settings.paths.node,
    CREEL_NODE_RESOLVE: JSON.stringify(world.resolve),
    CREEL_UPSTREAM_CA_FILE: world.caFile,
    ...(joining === null ? {} : { CREEL_JOIN_URI_FILE: joining.uriFile, CREEL_NODE_NAME: joining.name }),
  });
