import { migrate, provisionRoles, type RolePasswords } from "@creel/db";
import { type EmbeddedPostgres, startEmbedded } from "@creel/db/embedded";
import { identify, isAlive } from "@creel/processes";
import { z } from "zod";
import { CliError, messageOf } from "../exit.ts";
import { type HomePaths, readIfThere, writePrivate } from "./home.ts";
import { randomPassword } from "./secrets.ts";

/** How soon a database that was killed is noticed; its clients reconnect by themselves. */
const WATCH_MS = 500;
const passwordsSchema = z.strictObject({ app: z.string(), system: z.string(), queue: z.string() });

export interface DatabaseUrls {
  app: string;
  system: string;
  queue: string;
}
export interface Database {
  urls: DatabaseUrls;
  /** What people are told: where the data is. */
  description: string;
  stop(): Promise<void>;
}

/** The three login roles' passwords, made once. Only these files and the programs' own environments hold them. */
function rolePasswords(paths: HomePaths): RolePasswords {
  const text = readIfThere(paths.database);
  if (text !== null) return passwordsSchema.parse(JSON.parse(text));
  const passwords = { app: randomPassword(), system: randomPassword(), queue: randomPassword() };
  writePrivate(paths.database, `${JSON.stringify(passwords)}\n`);
  return passwords;
}

const withLogin = (ownerUrl: string, user: string, password: string): string => {
  const url = new URL(ownerUrl);
  url.username = user;
  url.password = password;
  return url.toString();
};

/** Starts the embedded Postgres, or takes the one DATABASE_URL names; makes roles and schema; keeps the embedded one alive. */
export async function startDatabase(
  paths: HomePaths,
  databaseUrl: string | null,
  onRestart: (how: string) => void,
): Promise<Database> {
  const embedded = databaseUrl === null ? await keepEmbedded(paths, onRestart) : null;
  const ownerUrl = embedded?.ownerUrl ?? databaseUrl ?? "";
  const passwords = rolePasswords(paths);
  try {
    await provisionRoles(ownerUrl, passwords);
    await migrate(ownerUrl);
  } catch (error) {
    await embedded?.stop();
    throw new CliError(`the database could not be prepared: ${messageOf(error)}`, {
      place: databaseUrl === null ? paths.pg : "DATABASE_URL",
      remedy:
        databaseUrl === null
          ? `Its log is ${paths.pg}/postgres.log.`
          : "It must be Postgres 15 or newer, reachable, and its login may create roles and tables in this database.",
      cause: error,
    });
  }
  return {
    urls: {
      app: withLogin(ownerUrl, "creel_app", passwords.app),
      system: withLogin(ownerUrl, "creel_system", passwords.system),
      queue: withLogin(ownerUrl, "creel_queue", passwords.queue),
    },
    description: databaseUrl === null ? paths.pg : "DATABASE_URL",
    stop: async () => await embedded?.stop(),
  };
}

/** The embedded server, started again at the same port whenever it dies. */
async function keepEmbedded(
  paths: HomePaths,
  onRestart: (how: string) => void,
): Promise<{ ownerUrl: string; stop(): Promise<void> }> {
  let server: EmbeddedPostgres = await startEmbedded({ folder: paths.pg });
  const { ownerUrl, port } = server;
  let id = identify(server.pid);
  let busy: Promise<void> = Promise.resolve();
  const check = async (): Promise<void> => {
    if (id !== null && isAlive(id)) return;
    onRestart("the database had ended; it is being started again");
    try {
      server = await startEmbedded({ folder: paths.pg, port });
      id = identify(server.pid);
    } catch (error) {
      onRestart(`the database does not start: ${messageOf(error)}`);
    }
  };
  let checking = false;
  const timer = setInterval(() => {
    if (checking) return;
    checking = true;
    busy = check().finally(() => {
      checking = false;
    });
  }, WATCH_MS);
  return {
    ownerUrl,
    stop: async () => {
      clearInterval(timer);
      await busy;
      await server.stop();
    },
  };
}
