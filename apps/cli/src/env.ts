import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

/** The project's root: the bundle lies in `apps/cli/dist`, the source in `apps/cli/src`. */
export const projectRoot = resolve(fileURLToPath(new URL("../../..", import.meta.url)));

const port = z.coerce.number().int().min(1).max(65535);
const schema = z.object({
  CREEL_HOME: z.string().min(1).optional(),
  HOME: z.string().min(1).optional(),
  XDG_CONFIG_HOME: z.string().min(1).optional(),
  CREEL_WEB_PORT: port.optional(),
  CREEL_HUB_PORT: port.optional(),
  DATABASE_URL: z.string().min(1).optional(),
  REDIS_URL: z.string().min(1).optional(),
  CREEL_URL: z.url().optional(),
  CREEL_TOKEN: z.string().min(1).optional(),
  NO_COLOR: z.string().optional(),
  PIP_INDEX_URL: z.string().optional(),
});

export interface CliEnv {
  /** Creel's own folder. */
  home: string;
  /** The home folder of whoever runs this. */
  userHome: string;
  /** Their own default policy for `creel run`, which need not be there. */
  userPolicy: string;
  /** Where `creel login` keeps its token. */
  userLogin: string;
  webPort: number | null;
  hubPort: number | null;
  databaseUrl: string | null;
  redisUrl: string | null;
  apiUrl: string | null;
  apiToken: string | null;
  noColour: boolean;
  /** pip's own setting: where Python packages come from. */
  pipIndexUrl: string | null;
}

export class EnvProblem extends Error {}

/** Settings from the environment, checked once. An empty value counts as absent. */
export function readEnv(source: NodeJS.ProcessEnv = process.env): CliEnv {
  const present = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== ""));
  const parsed = schema.safeParse(present);
  if (!parsed.success) {
    const first = parsed.error.issues[0];
    throw new EnvProblem(`${first?.path.join(".") ?? "environment"}: ${first?.message ?? "invalid"}`);
  }
  const env = parsed.data;
  const userHome = resolve(env.HOME ?? homedir());
  const userConfig = join(resolve(env.XDG_CONFIG_HOME ?? join(userHome, ".config")), "creel");
  return {
    home: resolve(env.CREEL_HOME ?? `${projectRoot}/.creel`),
    userHome,
    userPolicy: join(userConfig, "policy.yaml"),
    userLogin: join(userConfig, "login.json"),
    webPort: env.CREEL_WEB_PORT ?? null,
    hubPort: env.CREEL_HUB_PORT ?? null,
    databaseUrl: env.DATABASE_URL ?? null,
    redisUrl: env.REDIS_URL ?? null,
    apiUrl: env.CREEL_URL ?? null,
    apiToken: env.CREEL_TOKEN ?? null,
    noColour: env.NO_COLOR !== undefined,
    pipIndexUrl: env.PIP_INDEX_URL ?? null,
  };
}

/** The whole environment, for programs we start and for `NAME=env:VAR`. */
export const inheritedEnv = (): NodeJS.ProcessEnv => process.env;

/** Whether `npx` started us: then the command is not on the PATH of the shell that it was typed in. */
export const isNpx = (): boolean => process.env.npm_lifecycle_event === "npx" || process.env.npm_command === "exec";
