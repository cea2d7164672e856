import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, realpathSync, statSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { watch } from "@creel/processes";
import postgres from "postgres";
import { quiet } from "../quiet.ts";
import { chooseRunAs, serverEnv } from "./asUser.ts";
import { findBinaries } from "./binaries.ts";
import { ensureCluster, type Layout, layoutOf, readOrMakePassword, SUPERUSER } from "./cluster.ts";
import { freePort } from "./freePort.ts";
import { clearStaleLock, findPostmaster, isServerOf } from "./postmaster.ts";

export interface EmbeddedSettings {
  /** Holds the cluster, its log and the superuser's password (0600). Made when missing. */
  folder: string;
  /** A free one when absent. An already running server of this folder keeps its own. */
  port?: number | undefined;
  /** Made when missing. */
  database?: string | undefined;
  /** Server settings beyond the defaults, e.g. `{fsync: "off"}` in tests. */
  settings?: Readonly<Record<string, string>> | undefined;
  /** Ask the kernel to stop the server when this process dies. Otherwise it stays, and the next start finds it. */
  dieWithParent?: boolean | undefined;
}

export interface EmbeddedPostgres {
  pid: number;
  port: number;
  /** True when a server that an earlier start left behind was taken over. */
  adopted: boolean;
  /** The superuser's URL: for migrations and `provisionRoles` only. */
  ownerUrl: string;
  url(login: { user: string; password: string; database?: string }): string;
  /** Fast shutdown: open transactions are rolled back, everything committed is on disk. */
  stop(): Promise<void>;
}

/** Recovery after a crash replays the log; ten seconds were measured for a heavy one. */
const READY_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 30_000;
const POLL_MS = 25;
const LOG_TAIL_CHARS = 2_000;
/** Three programs with a pool each, the queue's listeners and a few consoles. */
const CONNECTIONS_MAX = 200;
const PORT_ATTEMPTS = 3;
const PORT_TAKEN = /could not bind|Address already in use/;
const ORPHAN_ATTEMPTS = 50;
const ORPHAN_WAIT_MS = 100;

export async function startEmbedded(settings: EmbeddedSettings): Promise<EmbeddedPostgres> {
  mkdirSync(settings.folder, { recursive: true, mode: 0o700 });
  const layout = layoutOf(realpathSync(settings.folder));
  const password = readOrMakePassword(layout);
  const database = settings.database ?? "creel";
  const found = await adopt(layout, password);
  const running = found ?? (await start(settings, layout, password));
  const url: EmbeddedPostgres["url"] = (login) =>
    `postgres://${login.user}:${encodeURIComponent(login.password)}@127.0.0.1:${running.port}/${login.database ?? database}`;
  const superuser = { user: SUPERUSER, password };
  await ensureDatabase(url({ ...superuser, database: "postgres" }), database);
  return {
    pid: running.pid,
    port: running.port,
    adopted: found !== null,
    ownerUrl: url(superuser),
    url,
    stop: async () => await stop(running.pid, layout.data),
  };
}

/** A server found running may be dying of the same accident that left it behind; only one that answers is taken over. */
async function adopt(layout: Layout, password: string): Promise<{ pid: number; port: number } | null> {
  const found = findPostmaster(layout.data);
  if (found === null) return null;
  return (await answers(found.pid, found.port, password, layout)) ? found : null;
}

/**
 * False when the server ended instead of answering. Nothing is sent to the port before the server says, in its own data
 * folder, that it holds it: whoever else listens there could ask for the password.
 */
async function answers(pid: number, port: number, password: string, layout: Layout): Promise<boolean> {
  const holdsPort = (): boolean => {
    const held = findPostmaster(layout.data);
    return held?.pid === pid && held.port === port && held.ready;
  };
  const runs = watch(pid);
  for (const end = Date.now() + READY_TIMEOUT_MS; !holdsPort(); await delay(POLL_MS)) {
    if (!runs()) return false;
    if (Date.now() > end) throw new Error(`the embedded Postgres (pid ${pid}) is not ready; its log is ${layout.log}`);
  }
  try {
    await untilReady(adminUrl(port, password), pid, layout);
    return true;
  } catch (error) {
    if (isServerOf(pid, layout.data)) throw error;
    return false;
  }
}

const adminUrl = (port: number, password: string): string =>
  `postgres://${SUPERUSER}:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`;

async function start(
  settings: EmbeddedSettings,
  layout: Layout,
  password: string,
): Promise<{ pid: number; port: number }> {
  const binaries = findBinaries();
  const runAs = chooseRunAs();
  await ensureCluster(layout, binaries, runAs);
  runAs.own(layout.data);
  for (let attempt = 1; ; attempt++) {
    const port = settings.port ?? (await freePort());
    const server = {
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      max_connections: String(CONNECTIONS_MAX),
      timezone: "UTC",
      log_timezone: "UTC",
      ...settings.settings,
    };
    const args = ["-D", layout.data, "-p", String(port)];
    for (const [name, value] of Object.entries(server)) args.push("-c", `${name}=${value}`);
    const watched = settings.dieWithParent === true ? ["setpriv", "--pdeathsig", "INT", "--"] : [];
    const [program = binaries.postgres, ...rest] = [...watched, binaries.postgres, ...args];
    clearStaleLock(layout.data);
    const logBefore = logBytes(layout);
    const pid = spawnServer(runAs.wrap(program, rest), layout);
    if (await answers(pid, port, password, layout)) return { pid, port };
    const said = logTail(layout, logBefore);
    // Children of a killed server need a moment to notice and let go of its memory.
    if (/pre-existing shared memory block/.test(said) && attempt < ORPHAN_ATTEMPTS) await delay(ORPHAN_WAIT_MS);
    else if (!PORT_TAKEN.test(said) || settings.port !== undefined || attempt >= PORT_ATTEMPTS)
      throw startFailure(port, said, layout);
  }
}

function spawnServer(command: { file: string; args: string[] }, layout: Layout): number {
  const log = openSync(layout.log, "a", 0o600);
  try {
    // Its own session: Ctrl-C must reach us, who stop things in order, and not the database first.
    const child = spawn(command.file, command.args, {
      env: serverEnv,
      stdio: ["ignore", log, log],
      detached: true,
      cwd: layout.folder,
    });
    child.on("error", () => {});
    child.unref();
    if (child.pid === undefined) throw new Error(`cannot run ${command.file}: install util-linux, or set DATABASE_URL`);
    return child.pid;
  } finally {
    closeSync(log);
  }
}

async function untilReady(url: string, pid: number, layout: Layout): Promise<void> {
  let last: unknown;
  const runs = watch(pid);
  for (const end = Date.now() + READY_TIMEOUT_MS; Date.now() < end; await delay(POLL_MS)) {
    const client = postgres(url, { max: 1, connect_timeout: 5, prepare: false, onnotice: quiet });
    try {
      await client`select 1`;
      return;
    } catch (error) {
      last = error;
      if (isWrongPassword(error))
        throw new Error(`${layout.passwordFile} is not this database's password. Put the right file back.`);
      if (!runs()) break;
    } finally {
      await client.end({ timeout: 1 });
    }
  }
  throw new Error(`the embedded Postgres does not answer; its log is ${layout.log}:\n${logTail(layout)}`, {
    cause: last,
  });
}

const isWrongPassword = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "28P01";

async function ensureDatabase(adminUrl: string, database: string): Promise<void> {
  const client = postgres(adminUrl, { max: 1, prepare: false, onnotice: quiet });
  try {
    const [found] = await client`select 1 from pg_database where datname = ${database}`;
    if (found === undefined) await client`create database ${client(database)}`;
  } finally {
    await client.end({ timeout: 5 });
  }
}

async function stop(pid: number, data: string): Promise<void> {
  // Never signal a number that has been given to another process meanwhile.
  for (const signal of ["SIGINT", "SIGQUIT"] as const) {
    if (!isServerOf(pid, data)) return;
    process.kill(pid, signal);
    for (const end = Date.now() + STOP_TIMEOUT_MS; Date.now() < end; await delay(POLL_MS))
      if (!isServerOf(pid, data)) return;
  }
  throw new Error(`the embedded Postgres (pid ${pid}) does not stop; end it by hand: kill -QUIT ${pid}`);
}

const logBytes = (layout: Layout): number => statSync(layout.log, { throwIfNoEntry: false })?.size ?? 0;

/** The end of the log, of what was written after `from`: an older start's trouble is not this one's. */
function logTail(layout: Layout, from = 0): string {
  try {
    return readFileSync(layout.log).subarray(from).toString("utf8").slice(-LOG_TAIL_CHARS);
  } catch {
    return "";
  }
}

function startFailure(port: number, said: string, layout: Layout): Error {
  const remedy = PORT_TAKEN.test(said)
    ? `Port ${port} on 127.0.0.1 is taken: stop what uses it, or give another one.`
    : /No space left/.test(said)
      ? "The disk is full: free some space and start again."
      : "Set DATABASE_URL to use another Postgres.";
  return new Error(`the embedded Postgres did not start. ${remedy} Its log is ${layout.log}:\n${said}`);
}
