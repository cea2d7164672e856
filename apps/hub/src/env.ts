import { z } from "zod";

const port = z.coerce.number().int().min(0).max(65_535);
const hostList = z
  .string()
  .default("")
  .transform((text) =>
    text
      .split(",")
      .map((host) => host.trim())
      .filter((host) => host !== ""),
  );
const schema = z.object({
  DATABASE_APP_URL: z.string().min(1),
  DATABASE_SYSTEM_URL: z.string().min(1),
  DATABASE_QUEUE_URL: z.string().min(1).optional(),
  REDIS_URL: z.string().min(1).optional(),
  CREEL_HUB_HOST: z.string().min(1).default("127.0.0.1"),
  CREEL_HUB_PORT: port.default(7401),
  /** What nodes are told to connect to. */
  CREEL_HUB_URL: z.url({ protocol: /^https$/ }).default("https://127.0.0.1:7401"),
  CREEL_MASTER_KEY_FILE: z.string().min(1),
  CREEL_TLS_DIR: z.string().min(1),
  /** Where the dashboard lives; links in notices lead there. */
  CREEL_WEB_URL: z.url().default("http://127.0.0.1:7400"),
  /** The mail server of this installation, e.g. `smtps://user:password@mail.example.com`. */
  CREEL_SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  CREEL_MAIL_FROM: z.string().min(3).default("creel@localhost"),
  /** `host:port`, separated by commas: receivers of notices that may be private and speak plain http. */
  CREEL_NOTICE_HOSTS: hostList,
  CREEL_LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
});
export type HubEnv = z.infer<typeof schema>;

/** The hub's settings; throws a message that names each setting that is wrong, and none of their values. */
export function readEnv(source: NodeJS.ProcessEnv = process.env): HubEnv {
  const parsed = schema.safeParse(source);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`The hub's settings do not fit. Set these environment variables:\n${lines.join("\n")}`);
}
