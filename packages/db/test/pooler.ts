import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram } from "../../../scripts/debian-program.ts";
import { chooseRunAs } from "../src/embedded/asUser.ts";
import { freePort } from "../src/embedded/freePort.ts";
import type { FreshDatabase } from "./database.ts";

/** As few as the org that is served beside many others can be left with. */
const SERVER_CONNECTIONS = 3;
/** What pgbouncer links to beyond libc on Debian and Ubuntu, where a small system may lack it. */
const PACKAGES = [
  "pgbouncer",
  "libevent-2.1-7",
  "libevent-2.1-7t64",
  "libc-ares2",
  "libcares2",
  "libssl3",
  "libssl3t64",
  "libsystemd0",
  "libgcrypt20",
  "libgpg-error0",
  "liblz4-1",
];
const REMEDY = "No PgBouncer for the database's tests. Run: apt-get install pgbouncer";

export interface Pooler {
  appUrl: string;
  systemUrl: string;
  stop(): Promise<void>;
}

/** A real PgBouncer before one suite's database: each transaction may get another of three server connections. */
export async function startPooler(database: FreshDatabase): Promise<Pooler> {
  const program = findProgram({
    names: ["pgbouncer"],
    folder: "pgbouncer",
    packages: PACKAGES,
    remedy: REMEDY,
  });
  const folder = mkdtempSync(join(tmpdir(), "creel-test-pgbouncer-"));
  const port = await freePort();
  const logins = [database.appUrl, database.systemUrl].map((url) => new URL(url));
  const server = new URL(database.ownerUrl);
  const name = server.pathname.slice(1);
  const logFile = join(folder, "pgbouncer.log");
  const files = {
    "users.txt": logins.map((login) => `"${login.username}" "${login.password}"\n`).join(""),
    "pgbouncer.ini": [
      "[databases]",
      `${name} = host=${server.hostname} port=${server.port} dbname=${name}`,
      "[pgbouncer]",
      "listen_addr = 127.0.0.1",
      `listen_port = ${port}`,
      "unix_socket_dir =",
      "auth_type = scram-sha-256",
      `auth_file = ${join(folder, "users.txt")}`,
      "pool_mode = transaction",
      `default_pool_size = ${SERVER_CONNECTIONS}`,
      `max_db_connections = ${SERVER_CONNECTIONS}`,
      `logfile = ${logFile}`,
    ].join("\n"),
  };
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  const as = chooseRunAs();
  chmodSync(folder, 0o700);
  as.own(folder);
  const command = as.wrap(program.path, [join(folder, "pgbouncer.ini")]);
  const child = spawn(command.file, command.args, {
    env: { PATH: process.env.PATH, ...program.env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let said = "";
    child.stderr.on("data", (piece: Buffer) => {
      said += piece.toString("utf8");
      if (said.includes("process up")) resolve();
    });
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`${program.path} ended: ${said.slice(-1000)}\n${REMEDY}`)));
  });
  const through = (login: URL): string => {
    const url = new URL(login);
    url.host = `127.0.0.1:${port}`;
    return url.href;
  };
  const [app, system] = logins;
  if (app === undefined || system === undefined) throw new Error("a database has two logins");
  return {
    appUrl: through(app),
    systemUrl: through(system),
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
