import path from "node:path";
import { z } from "zod";

/** The only place of this app that reads the environment. Parsed once at boot; a wrong value stops the process with all its reasons. */
const schema = z.object({
  DATABASE_APP_URL: z.string().min(1),
  DATABASE_SYSTEM_URL: z.string().min(1),
  DATABASE_QUEUE_URL: z.string().min(1),
  REDIS_URL: z.string().optional(),
  CREEL_HOME: z.string().default(path.resolve(".creel")),
  CREEL_MASTER_KEY_FILE: z.string().optional(),
  CREEL_HUB_URL: z.url().optional(),
  CREEL_WEB_URL: z.url().default("http://127.0.0.1:7400"),
  CREEL_TLS_DIR: z.string().optional(),
  /** `host:port`, separated by commas: receivers of notices that may be private. */
  CREEL_NOTICE_HOSTS: z.string().default(""),
  /** `host:port`, separated by commas: identity providers that may be private or speak plain http. */
  CREEL_SSO_HOSTS: z.string().default(""),
  /** Addresses, perhaps with a port, separated by commas: who is asked for the domains of single sign-on instead of the system's resolvers. */
  CREEL_DNS_SERVERS: z.string().default(""),
  /** The header in which the operator's own proxy says where a request came from; without one, addresses are not counted. */
  CREEL_ADDRESS_HEADER: z
    .string()
    .regex(/^[A-Za-z0-9-]+$/)
    .optional(),
  /** Who founds further organizations: whoever owns one, or nobody but the installation itself. */
  CREEL_FOUNDERS: z.enum(["owners", "nobody"]).default("owners"),
  /** Encrypts the sign-in cookie; 32 characters is 256 bits at hexadecimal half density, the least next-auth should be given. */
  NEXTAUTH_SECRET: z.string().min(32),
});

export interface WebEnv {
  databaseAppUrl: string;
  databaseSystemUrl: string;
  databaseQueueUrl: string;
  redisUrl: string | undefined;
  masterKeyFile: string;
  hubUrl: string | undefined;
  webUrl: string;
  tlsDirectory: string;
  noticeHosts: readonly string[];
  ssoHosts: readonly string[];
  dnsServers: readonly string[];
  addressHeader: string | undefined;
  founders: "owners" | "nobody";
  authSecret: string;
}

const parse = (): WebEnv => {
  const result = schema.safeParse(process.env);
  if (!result.success) {
    const lines = result.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`creel web: settings are missing or wrong; \`creel up\` sets them all.\n${lines.join("\n")}`);
  }
  const env = result.data;
  return {
    databaseAppUrl: env.DATABASE_APP_URL,
    databaseSystemUrl: env.DATABASE_SYSTEM_URL,
    databaseQueueUrl: env.DATABASE_QUEUE_URL,
    redisUrl: env.REDIS_URL,
    masterKeyFile: env.CREEL_MASTER_KEY_FILE ?? path.join(env.CREEL_HOME, "secrets/master.key"),
    hubUrl: env.CREEL_HUB_URL,
    webUrl: env.CREEL_WEB_URL,
    noticeHosts: hostsOf(env.CREEL_NOTICE_HOSTS),
    ssoHosts: hostsOf(env.CREEL_SSO_HOSTS),
    dnsServers: hostsOf(env.CREEL_DNS_SERVERS),
    tlsDirectory: env.CREEL_TLS_DIR ?? path.join(env.CREEL_HOME, "secrets/tls"),
    addressHeader: env.CREEL_ADDRESS_HEADER,
    founders: env.CREEL_FOUNDERS,
    authSecret: env.NEXTAUTH_SECRET,
  };
};

const hostsOf = (list: string): string[] =>
  list
    .split(",")
    .map((host) => host.trim())
    .filter((host) => host !== "");

let parsed: WebEnv | undefined;
/** Read at first use, not at import: `next build` imports every route and has no settings. */
export const env = (): WebEnv => {
  parsed ??= parse();
  return parsed;
};

export const isDevelopment = (): boolean => process.env.NODE_ENV === "development";
