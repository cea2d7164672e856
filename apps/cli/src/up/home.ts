import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { CliError, messageOf, systemCode } from "../exit.ts";

/** Everything a deployment on one machine keeps; `docs/architecture.md` lists the same tree. */
export const homePaths = (home: string) => ({
  home,
  devJson: join(home, "dev.json"),
  lock: join(home, "up.pid"),
  pg: join(home, "pg"),
  secrets: join(home, "secrets"),
  masterKey: join(home, "secrets/master.key"),
  sessionSecret: join(home, "secrets/session.key"),
  database: join(home, "secrets/database.json"),
  owner: join(home, "secrets/owner.json"),
  tls: join(home, "secrets/tls"),
  world: join(home, "demo-world"),
  logs: join(home, "logs"),
  run: join(home, "run"),
  node: join(home, "node"),
});
export type HomePaths = ReturnType<typeof homePaths>;

/** Makes the folders, readable by their owner alone, also when they were made wider before. */
export function makeHome(paths: HomePaths): void {
  for (const folder of [paths.home, paths.secrets, paths.tls, paths.logs, paths.run]) {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      chmodSync(folder, 0o700);
    } catch (error) {
      throw new CliError(`the folder cannot be used: ${messageOf(error)}`, {
        place: folder,
        remedy: "Give it to this user, or set CREEL_HOME to a folder that this user may write.",
      });
    }
  }
}

/** The file's text, or null when there is none. */
export function readIfThere(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw error;
  }
}

/** Writes a file for this user alone, in one rename: a reader sees the old text or the new, never half. */
export function writePrivate(file: string, text: string | Uint8Array): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const staging = `${file}.new`;
  writeFileSync(staging, text, { mode: 0o600 });
  chmodSync(staging, 0o600);
  renameSync(staging, file);
}
