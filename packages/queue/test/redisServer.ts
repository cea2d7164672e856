import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export interface RedisForTests {
  url: string;
  stop(): Promise<void>;
}

const repository = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const unpacked = join(repository, ".cache/redis");
const FETCH_TIMEOUT_MS = 120_000;
/** What redis-server links to beyond libc on Debian and Ubuntu; names that a release does not have are left out. */
const PACKAGES = [
  "redis-server",
  "redis-tools",
  "libjemalloc2",
  "liblzf1",
  "liblua5.1-0",
  "lua-bitop",
  "lua-cjson",
  "libhiredis0.14",
  "libhiredis1.1.0",
  "libsystemd0",
  "libatomic1",
];
const REMEDY = "No Redis for the queue's tests. Run: apt-get install redis-server (or set REDIS_URL).";

/** A real server: the one REDIS_URL names, one on PATH, or one unpacked without root into .cache/redis. */
export async function startRedis(): Promise<RedisForTests> {
  const given = process.env.REDIS_URL;
  if (given !== undefined && given !== "") return { url: given, stop: async () => {} };
  const { program, libraries } = findServer();
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "creel-test-redis-"));
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder];
  const child = spawn(program, [...args, "--maxmemory-policy", "noeviction"], {
    env: { ...process.env, ...(libraries === null ? {} : { LD_LIBRARY_PATH: libraries }) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let said = "";
    const hear = (piece: Buffer): void => {
      said += piece.toString("utf8");
      if (said.includes("Ready to accept connections")) resolve();
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`${program} ended: ${said.slice(-1000)}\n${REMEDY}`)));
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function findServer(): { program: string; libraries: string | null } {
  for (const name of ["redis-server", "valkey-server"])
    if (spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0) return { program: name, libraries: null };
  if (!existsSync(join(unpacked, "usr/bin"))) fetchServer();
  const program = ["redis-server", "redis-check-rdb"]
    .map((name) => join(unpacked, "usr/bin", name))
    .find((path) => existsSync(path));
  if (program === undefined) throw new Error(REMEDY);
  const library = join(unpacked, "usr/lib");
  const libraries = readdirSync(library).filter((name) => name.endsWith("-linux-gnu"));
  return { program, libraries: libraries.map((name) => join(library, name)).join(":") };
}

function fetchServer(): void {
  const downloads = join(unpacked, "downloads");
  mkdirSync(downloads, { recursive: true });
  for (const name of PACKAGES)
    spawnSync("apt-get", ["download", name], { cwd: downloads, stdio: "ignore", timeout: FETCH_TIMEOUT_MS });
  const files = readdirSync(downloads).filter((name) => name.endsWith(".deb"));
  if (files.length === 0) throw new Error(REMEDY);
  for (const file of files) execFileSync("dpkg", ["-x", join(downloads, file), unpacked], { stdio: "ignore" });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (address === null || typeof address === "string") throw new Error("the system gave no port");
  return address.port;
}
