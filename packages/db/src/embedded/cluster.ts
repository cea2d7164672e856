import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RunAs, serverEnv } from "./asUser.ts";
import type { Binaries } from "./binaries.ts";

export const SUPERUSER = "postgres";
const OUTPUT_CHARS_MAX = 4_000;
const UNFINISHED = "data.unfinished-";

export interface Layout {
  folder: string;
  data: string;
  passwordFile: string;
  log: string;
}

export const layoutOf = (folder: string): Layout => ({
  folder,
  data: join(folder, "data"),
  passwordFile: join(folder, "superuser.password"),
  log: join(folder, "postgres.log"),
});

export function readOrMakePassword(layout: Layout): string {
  if (existsSync(layout.passwordFile)) return readFileSync(layout.passwordFile, "utf8").trim();
  const password = randomBytes(32).toString("base64url");
  writeFileSync(layout.passwordFile, `${password}\n`, { mode: 0o600 });
  return password;
}

/**
 * A cluster appears whole or not at all: initdb works in a folder of its own, which is renamed when it is done. What an
 * interrupted one left has never held data and is thrown away.
 */
export async function ensureCluster(layout: Layout, binaries: Binaries, runAs: RunAs): Promise<void> {
  for (const name of readdirSync(layout.folder))
    if (name.startsWith(UNFINISHED)) rmSync(join(layout.folder, name), { recursive: true, force: true });
  if (existsSync(join(layout.data, "PG_VERSION"))) return;
  const unfinished = join(layout.folder, `${UNFINISHED}${process.pid}`);
  mkdirSync(unfinished, { mode: 0o700 });
  // A copy, because the user that initdb runs as may not be able to read the password's own folder.
  const passwordCopy = join(unfinished, "password");
  const data = join(unfinished, "data");
  writeFileSync(passwordCopy, readOrMakePassword(layout), { mode: 0o600 });
  mkdirSync(data, { mode: 0o700 });
  runAs.own(unfinished);
  const { file, args } = runAs.wrap(binaries.initdb, [
    `--pgdata=${data}`,
    `--username=${SUPERUSER}`,
    "--auth=scram-sha-256",
    `--pwfile=${passwordCopy}`,
    "--encoding=UTF8",
    "--locale=C.UTF-8",
  ]);
  await runToEnd(file, args);
  rmSync(passwordCopy);
  renameSync(data, layout.data);
  rmSync(unfinished, { recursive: true, force: true });
}

async function runToEnd(file: string, args: string[]): Promise<void> {
  const child = spawn(file, args, { env: serverEnv, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const keep = (piece: Buffer): void => {
    output = (output + piece.toString("utf8")).slice(-OUTPUT_CHARS_MAX);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0)
    throw new Error(
      `initdb failed (${code}). Free disk space, check the folder's rights, or set DATABASE_URL. It said:\n${output}`,
    );
}
