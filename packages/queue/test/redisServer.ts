import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram } from "../../../scripts/debian-program.ts";
import { freePort } from "../../db/src/embedded/freePort.ts";

export interface RedisForTests {
  url: string;
  stop(): Promise<void>;
}

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
  const program = findProgram({
    names: ["redis-server", "valkey-server"],
    folder: "redis",
    packages: PACKAGES,
    remedy: REMEDY,
  });
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "creel-test-redis-"));
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", folder];
  const child = spawn(program.path, [...args, "--maxmemory-policy", "noeviction"], {
    env: { ...process.env, ...program.env },
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
    child.once("exit", () => reject(new Error(`${program.path} ended: ${said.slice(-1000)}\n${REMEDY}`)));
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
